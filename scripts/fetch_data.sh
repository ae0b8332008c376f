#!/usr/bin/env bash
# Fetches data files of the notebook into data/. Run it again after a failure: it goes on where it stopped.
#
#   scripts/fetch_data.sh NAME...
#     comics            goodreads_reviews_comics_graphic.json.gz, its hand-written models
#     fantasy           goodreads_fantasy.tsv, its rating model of a library
#     fantasy_reviews   goodreads_reviews_fantasy_paranormal.json.gz, its ranking model of a library
#
# A file gets its name once it is complete, was read to its end and holds what the notebook found in it; until then it
# is NAME.part. LATENT_DATA_URL: another address of the same files; LATENT_DATA_DIR: another folder.
set -euo pipefail
[[ -n ${LATENT_DATA_DIR:-} ]] || cd "$(dirname "${BASH_SOURCE[0]}")/.."

url=${LATENT_DATA_URL:-http://jmcauley.ucsd.edu/pml_data}
folder=${LATENT_DATA_DIR:-data}

# What the files are known to hold: reviews, or users and books. Small files of the tests hold less.
comics_reviews=${LATENT_COMICS_REVIEWS:-542338}
fantasy_users=${LATENT_FANTASY_USERS:-256088}
fantasy_books=${LATENT_FANTASY_BOOKS:-258212}

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

# download FILE: FILE.part, whole. A try that brought something is followed by another.
download() {
  local part=$folder/$1.part before after
  while true; do
    before=$(size_of "$part")
    [[ $before == 0 ]] || echo "fetch_data: going on with $1 at $before bytes" >&2
    transfer "$url/$1" "$part"
    [[ -n $problem ]] || return 0
    after=$(size_of "$part")
    [[ $after -gt $before ]] || break
    sleep 1
  done
  if [[ $after == 0 ]]; then
    rm -f "$part"
    fail "cannot fetch $url/$1: $problem"
  else
    fail "cannot fetch the rest of $url/$1: $problem; $part keeps $after bytes, run this again to go on"
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
  local reviews users books bad counted complaint problem=""
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
  if ! counted=$(count_reviews "$2" 2>/dev/null); then
    complaint=$(gzip -t "$2" 2>&1 | sed -n 's/.*: //; s/^ *//; /./{p;q;}') || true
    rm -f "$2"
    fail "$1 is damaged (${complaint:-gzip cannot read it}): removed, run this again"
    return
  fi
  read -r reviews users books <<<"$counted"
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

fetch() {
  local held
  if [[ -f $folder/$1 ]]; then
    echo "$folder/$1 is there already"
    return
  fi
  mkdir -p "$folder" || return
  download "$1" || return
  [[ ! -t 2 ]] || echo "fetch_data: reading $1 to its end" >&2
  held=$(check "$1" "$folder/$1.part") || return
  mv "$folder/$1.part" "$folder/$1" || return
  echo "$folder/$1: $held"
}

usage() {
  sed -n '2,/^set/{/^#/s/^# \{0,1\}//p;}' "${BASH_SOURCE[0]}"
}

files=()
for name in "$@"; do
  case $name in
    -h | --help) usage && exit ;;
    comics | goodreads_reviews_comics_graphic.json.gz) files+=(goodreads_reviews_comics_graphic.json.gz) ;;
    fantasy | goodreads_fantasy.tsv) files+=(goodreads_fantasy.tsv) ;;
    fantasy_reviews | goodreads_reviews_fantasy_paranormal.json.gz) files+=(goodreads_reviews_fantasy_paranormal.json.gz) ;;
    *)
      echo "fetch_data: unknown name '$name'; there are comics, fantasy and fantasy_reviews" >&2
      exit 2
      ;;
  esac
done
if [[ ${#files[@]} == 0 ]]; then
  usage >&2
  exit 2
fi
failed=0
for file in "${files[@]}"; do
  fetch "$file" || failed=1
done
exit "$failed"
