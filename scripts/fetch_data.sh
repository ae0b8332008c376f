#!/usr/bin/env bash
# Fetches public data sets into data/. Run it again after a failure: it goes on where it stopped.
#
#   scripts/fetch_data.sh [--from FOLDER] NAME...
#     comics            reviews of Goodreads: the notebook's hand-written models
#     fantasy           ratings of Goodreads: the notebook's rating model of a library
#     fantasy_reviews   reviews of Goodreads: the notebook's ranking model of a library
#     ml-100k           MovieLens, 100,000 ratings with titles
#     ml-1m             MovieLens, 1,000,209 ratings with titles
#     ml-latest-small   MovieLens, 100,836 ratings with titles, to 2018
#     goodbooks-10k     5,976,479 ratings of the 10,000 most rated books, with titles
#     hetrec-lastfm     how often 1,892 people listened to 17,632 artists, with names
#     ml-1m-ranking     MovieLens 1M, ratings of 3 and more, as train, valid and test lists
#     lastfm-ranking    hetrec-lastfm as train, valid and test lists
#
# The first three are the files of the notebook; each other one is a folder data/NAME. A file or folder gets its name
# once it is complete and holds what is known of it; until then it is NAME.part.
# --from FOLDER takes them from there in place of the network: FOLDER/NAME, a folder whose files may be gz, or its zip.
# LATENT_DATA_URL: another address of the same files; LATENT_DATA_DIR: another folder than data.
set -euo pipefail
here=$PWD
scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/fetch_files.sh
source "$scripts/fetch_files.sh"
[[ -n ${LATENT_DATA_DIR:-} ]] || cd "$scripts/.."

folder=${LATENT_DATA_DIR:-data}
from=""
pml=http://jmcauley.ucsd.edu/pml_data
grouplens=https://files.grouplens.org/datasets
lists=https://raw.githubusercontent.com/geon0325/LightGCNpp/a394f79a7aceb8f485f6bcb549b4865fe83f1d49/data
goodreads_terms="academic use; cite Wan and McAuley (RecSys 2018)"
movielens_cite="cite Harper and Konstan (TiiS 2015)"
movielens_terms="research only, no commercial use, no redistribution without GroupLens's permission; $movielens_cite"
hetrec_terms="no commercial use; cite Cantador, Brusilovsky and Kuflik (HetRec 2011)"

# What the notebook's files are known to hold: reviews, or users and books.
comics_reviews=${LATENT_COMICS_REVIEWS:-542338}
fantasy_users=${LATENT_FANTASY_USERS:-256088}
fantasy_books=${LATENT_FANTASY_BOOKS:-258212}

# describe NAME: sets what is known of it, or fails.
#   base, remote   its address, and the file or folder there (for a file of the notebook also here)
#   counted        of a folder: the file of ratings, its separator, and user and item: columns, or names in its header
#   editions       "ROWS USERS ITEMS" of each edition that is known
#   terms, config  the terms of use in short; a config to train with
#   files, sets    what a config needs: KNOB=FILE of the folder, and other knobs; `named`: whether the config has them
describe() {
  counted=() editions=() files=() sets=() named=1
  case $1 in
    comics | fantasy | fantasy_reviews) base=$pml terms=$goodreads_terms ;;&
    comics) remote=goodreads_reviews_comics_graphic.json.gz config=configs/notebook/lfm_torch.json ;;
    fantasy) remote=goodreads_fantasy.tsv config=configs/notebook/svd.json ;;
    fantasy_reviews)
      remote=goodreads_reviews_fantasy_paranormal.json.gz config=configs/notebook/implicit_bpr.json
      ;;
    ml-*) base=$grouplens/movielens remote=$1.zip terms=$movielens_terms config=configs/movielens.json ;;&
    ml-100k)
      counted=(u.data '\t' 1 2) editions=("100000 943 1682")
      files=(data.path=u.data data.titles.path=u.item)
      ;;
    ml-1m)
      counted=(ratings.dat :: 1 2) editions=("1000209 6040 3706") named=0
      files=(data.path=ratings.dat data.titles.path=movies.dat)
      ;;
    ml-latest-small) # of September 2018, and of October 2016
      counted=(ratings.csv , userId movieId) editions=("100836 610 9724" "100004 671 9066") named=0
      terms="research only, no commercial use, redistribution under the same terms; $movielens_cite"
      files=(data.path=ratings.csv data.titles.path=movies.csv) sets=(data.titles.encoding=utf-8)
      ;;
    goodbooks-10k) # the edition of 2017 that is there, and the first one
      base=https://github.com/zygmuntz/goodbooks-10k/releases/download/v1.0 remote=goodbooks-10k.zip
      counted=(ratings.csv , user_id book_id) editions=("5976479 53424 10000" "981756 53424 10000")
      terms="CC BY-SA 4.0; cite Zajac (2017)" config=configs/goodbooks.json
      files=(data.path=ratings.csv data.titles.path=books.csv)
      ;;
    hetrec-lastfm)
      base=$grouplens/hetrec2011 remote=hetrec2011-lastfm-2k.zip terms=$hetrec_terms
      counted=(user_artists.dat '\t' userID artistID) editions=("92834 1892 17632") config=configs/lastfm.json
      files=(data.path=user_artists.dat data.titles.path=artists.dat)
      ;;
    ml-1m-ranking | lastfm-ranking)
      base=$lists remote=${1%-ranking} editions=("836478 6039 3628") config=configs/ials_ml1m.json
      files=(data.path=train.txt data.valid_path=valid.txt data.test_path=test.txt)
      ;;&
    lastfm-ranking) editions=("91779 1885 17388") terms=$hetrec_terms config=configs/ials_lastfm.json ;;
    ml-1m-ranking) ;;
    *) return 1 ;;
  esac
  base=${LATENT_DATA_URL:-$base}
  # Small files of the tests hold less.
  local small=${1^^}_COUNTS
  small=LATENT_${small//-/_}
  [[ -z ${!small:-} ]] || editions=("${!small}")
}

# tell WHERE: the terms of use, and how to train on it.
tell() {
  local latent=build/release/latent line set
  ! command -v latent >/dev/null || latent=latent
  line="$latent train $config"
  if [[ $named == 0 || $folder != data ]]; then
    for set in "${files[@]}"; do line+=" --set ${set%%=*}=$1/${set#*=}"; done
    [[ ${#files[@]} != 0 ]] || line+=" --set data.path=$1"
  fi
  for set in "${sets[@]}"; do line+=" --set $set"; done
  printf '  terms  %s\n  train  %s\n' "$terms" "$line"
}

# fetch_file: a file of the notebook.
fetch_file() {
  local held target=$folder/$remote
  if [[ -f $target ]]; then
    echo "$target is there already"
    return
  fi
  mkdir -p "$folder" || return
  if [[ -z $from ]]; then
    download "$base/$remote" "$target" || return
  elif [[ -f $from/$remote ]]; then
    cat "$from/$remote" >"$target.part" || return
  else
    fail "$from has no $remote"
    return
  fi
  [[ ! -t 2 ]] || echo "fetch_data: reading $remote to its end" >&2
  held=$(check "$remote" "$target.part") || return
  mv "$target.part" "$target" || return
  echo "$target: $held"
  tell "$target"
}

# take NAME PART: the folder PART from the folder or zip of --from.
take() {
  local file zip
  if [[ -d $from/$1 ]]; then
    rm -rf "$2" && mkdir -p "$2" || return
    for file in "$from/$1"/*; do
      case $file in
        *.gz) file=${file##*/} && gzip -dc "$from/$1/$file" >"$2/${file%.gz}" || return ;;
        *) [[ ! -f $file ]] || cat "$file" >"$2/${file##*/}" || return ;;
      esac
    done
    return
  fi
  for zip in "$from/$1.zip" "$from/$remote"; do
    [[ $zip == *.zip && -f $zip ]] || continue
    can_unpack || return
    unpack "$zip" "$2" || fail "$zip is damaged, or holds no ${counted[0]}"
    return
  done
  fail "$from has neither $1/ nor $1.zip"
}

# bring PART: the folder PART from the network.
bring() {
  local file
  if [[ ${#counted[@]} == 0 ]]; then
    mkdir -p "$1" || return
    for file in train.txt valid.txt test.txt; do
      [[ -f $1/$file ]] || { download "$base/$remote/$file" "$1/$file" && mv "$1/$file.part" "$1/$file"; } || return
    done
    return
  fi
  can_unpack && download "$base/$remote" "$folder/$remote" || return
  if ! unpack "$folder/$remote.part" "$1"; then
    rm -rf "$folder/$remote.part" "$1" "$1.zip"
    fail "$remote is damaged, or holds no ${counted[0]}: removed, run this again"
  fi
}

# fetch_folder NAME
fetch_folder() {
  local target=$folder/$1 part=$folder/$1.part held edition rows users items
  held=$target
  if [[ ! -d $target ]]; then
    mkdir -p "$folder" || return
    if [[ -n $from ]]; then take "$1" "$part"; else bring "$part"; fi || return
    held=$part
  fi
  held=$(count_folder "$held" 2>/dev/null) || held="0 0 0"
  read -r rows users items <<<"$held"
  for edition in "${editions[@]}"; do
    [[ $held == "$edition" ]] || continue
    if [[ -d $target ]]; then
      echo "$target is there already"
      return
    fi
    mv "$part" "$target" && rm -f "$folder/$remote.part" || return
    echo "$target: $rows ratings, $users users, $items items"
    tell "$target"
    return
  done
  [[ ! -d $target ]] || part=$target
  [[ -d $target ]] || rm -f "$folder/$remote.part"
  held="$rows ratings, $users users and $items items"
  read -r rows users items <<<"${editions[0]}"
  fail "$part has $held instead of $rows, $users and $items: remove it to fetch it anew"
}

usage() {
  sed -n '2,/^set/{/^#/s/^# \{0,1\}//p;}' "${BASH_SOURCE[0]}"
}

names=()
while [[ $# != 0 ]]; do
  case $1 in
    -h | --help) usage && exit ;;
    --from)
      from=$(cd "$here" && cd "${2:-}" 2>/dev/null && pwd) && [[ -n ${2:-} ]] || {
        echo "fetch_data: --from needs a folder, and there is no '${2:-}'" >&2
        exit 2
      }
      shift
      ;;
    goodreads_reviews_comics_graphic.json.gz) names+=(comics) ;;
    goodreads_fantasy.tsv) names+=(fantasy) ;;
    goodreads_reviews_fantasy_paranormal.json.gz) names+=(fantasy_reviews) ;;
    *)
      if ! describe "$1"; then
        echo "fetch_data: unknown name '$1'; there are $(usage | sed -n 's/^  *\([a-z0-9_-]*\)  .*/\1/p' | paste -sd , | sed 's/,/, /g')" >&2
        exit 2
      fi
      names+=("$1")
      ;;
  esac
  shift
done
if [[ ${#names[@]} == 0 ]]; then
  usage >&2
  exit 2
fi
failed=0
for name in "${names[@]}"; do
  describe "$name"
  case $name in
    comics | fantasy | fantasy_reviews) fetch_file || failed=1 ;;
    *) fetch_folder "$name" || failed=1 ;;
  esac
done
exit "$failed"
