# What fetch_data.sh does to files: transfers them, counts what they hold, unpacks them. To be sourced.
# Uses what describe() of that script sets: `counted`, `comics_reviews` and the like.

fail() {
  printf 'fetch_data: %s\n' "$1" >&2
  return 1
}

size_of() {
  if [[ -f $1 ]]; then wc -c <"$1" | tr -d ' '; else echo 0; fi
}

# transfer URL FILE: appends what FILE lacks. Sets `problem`: empty, or why FILE is not complete.
transfer() {
  local code=0 status="" quiet=()
  problem=""
  if command -v curl >/dev/null; then
    if [[ -t 2 ]]; then quiet=(--progress-bar); else quiet=(--silent); fi
    status=$(curl "${quiet[@]}" --fail --location --connect-timeout 30 --speed-limit 1 --speed-time 60 \
      --continue-at - --output "$2" --write-out '%{http_code}' "$1") || code=$?
    case $code in
      0) ;;
      5 | 6 | 7) problem="no network, or nothing answers there" ;;
      22) [[ $status == 416 ]] || problem="the server answers HTTP $status" ;; # 416: nothing is lacking
      23) problem="cannot write $2: is the disk full?" ;;
      33) problem="the server cannot resume; remove $2 to start over" ;;
      *) problem="broken off (curl's error $code)" ;;
    esac
  elif command -v wget >/dev/null; then
    if [[ -t 2 ]]; then quiet=(--show-progress); fi
    wget --quiet "${quiet[@]}" --tries=1 --timeout=60 --continue --output-document="$2" "$1" || code=$?
    case $code in
      0) ;;
      3) problem="cannot write $2: is the disk full?" ;;
      4) problem="no network, or nothing answers there" ;;
      8) problem="the server answers with an HTTP error" ;;
      *) problem="broken off (wget's error $code)" ;;
    esac
  else
    problem="neither curl nor wget is installed"
  fi
}

# download ADDRESS FILE: FILE.part, whole. A try that brought something is followed by another.
download() {
  local part=$2.part before after
  while true; do
    before=$(size_of "$part")
    [[ $before == 0 ]] || echo "fetch_data: going on with ${2##*/} at $before bytes" >&2
    transfer "$1" "$part"
    [[ -n $problem ]] || return 0
    after=$(size_of "$part")
    [[ $after -gt $before ]] || break
    sleep 1
  done
  if [[ $after == 0 ]]; then
    rm -f "$part"
    fail "cannot fetch $1: $problem; with --from FOLDER it is taken from a folder"
  else
    fail "cannot fetch the rest of $1: $problem; $part keeps $after bytes, run this again to go on"
  fi
}

# count_reviews FILE: prints reviews, users and books; fails where the gz is damaged or ends early.
count_reviews() {
  gzip -dc "$1" | LC_ALL=C awk '
    function value_of(key,  text) {
      if (!match($0, "[\"\047]" key "[\"\047]: *[\"\047]?[^\"\047,}]*")) return ""
      text = substr($0, RSTART, RLENGTH)
      sub(/^.*: *["\047]?/, "", text)
      return text
    }
    { user = value_of("user_id"); if (!(user in users)) { users[user]; ++user_count }
      book = value_of("book_id"); if (!(book in books)) { books[book]; ++book_count } }
    END { print NR, user_count + 0, book_count + 0 }'
}

# check FILE PART: whether PART holds what FILE should; prints what it holds.
check() {
  local reviews users books bad found complaint problem=""
  if [[ $1 == *.tsv ]]; then
    read -r reviews bad < <(LC_ALL=C awk -F '\t' 'NF < 3 && !bad { bad = NR } END { print NR, bad + 0 }' "$2")
    if [[ $reviews == 0 || $bad != 0 ]]; then
      rm -f "$2"
      fail "$1 is not user, item, rating between tabs (line $bad): removed, run this again"
      return
    fi
    echo "$reviews ratings"
    return
  fi
  if ! found=$(count_reviews "$2" 2>/dev/null); then
    complaint=$(gzip -t "$2" 2>&1 | sed -n 's/.*: //; s/^ *//; /./{p;q;}') || true
    rm -f "$2"
    fail "$1 is damaged (${complaint:-gzip cannot read it}): removed, run this again"
    return
  fi
  read -r reviews users books <<<"$found"
  case $1 in
    *comics*) [[ $reviews == "$comics_reviews" ]] || problem="$reviews reviews instead of $comics_reviews" ;;
    *) [[ $users == "$fantasy_users" && $books == "$fantasy_books" ]] ||
      problem="$users users and $books books instead of $fantasy_users and $fantasy_books" ;;
  esac
  if [[ -n $problem ]]; then
    fail "$1 has $problem, so it is not the notebook's; it stays as $2"
    return
  fi
  echo "$reviews reviews, $users users, $books books"
}

# count_folder FOLDER: prints rows, users and items of `counted`, or of three files of lists.
count_folder() {
  if [[ ${#counted[@]} == 0 ]]; then
    LC_ALL=C awk 'NF > 1 { if (!($1 in users)) { users[$1]; ++user_count }
        for (n = 2; n <= NF; ++n) { ++rows; if (!($n in items)) { items[$n]; ++item_count } } }
      END { print rows + 0, user_count + 0, item_count + 0 }' "$1"/{train,valid,test}.txt
    return
  fi
  LC_ALL=C awk -F "${counted[1]}" -v user="${counted[2]}" -v item="${counted[3]}" '
    NR == 1 && user !~ /^[0-9]+$/ {
      for (n = 1; n <= NF; ++n) { sub(/\r$/, "", $n); column[$n] = n }
      user = column[user]; item = column[item]
      if (!user || !item) exit
      next
    }
    NF > 2 { ++rows; if (!($user in users)) { users[$user]; ++user_count }
      if (!($item in items)) { items[$item]; ++item_count } }
    END { print rows + 0, user_count + 0, item_count + 0 }' "$1/${counted[0]}"
}

# unpack ZIP PART: the folder PART, with the files that are together with the file of ratings.
unpack() {
  local inner
  rm -rf "$2" "$2.zip" && mkdir -p "$2.zip" || return
  if command -v unzip >/dev/null; then
    unzip -q "$1" -d "$2.zip" >/dev/null 2>&1 || return
  else
    python3 -m zipfile -e "$1" "$2.zip" >/dev/null 2>&1 || return
  fi
  for inner in "$2.zip" "$2.zip"/*/; do
    if [[ -f $inner/${counted[0]} ]]; then
      mv "$inner" "$2" && rm -rf "$2.zip"
      return
    fi
  done
  return 1
}

can_unpack() {
  command -v unzip >/dev/null || command -v python3 >/dev/null ||
    fail "neither unzip nor python3 is installed to unpack a zip"
}
