#!/usr/bin/env bash
# Fuzzes every reader with libFuzzer under the address and undefined-behaviour sanitizers:
#   scripts/fuzz.sh [SECONDS_EACH] [TARGET...]     60 seconds of all targets, if nothing is said
# Needs clang (Debian: apt-get install clang). What is found is made small and put into
# tests/fuzz/corpus/TARGET, where the tests replay it; inputs that reach new code stay in
# build/fuzz/found for the next time. Ends with a table; exit code 1 where anything was found.
# LATENT_FUZZ_JOBS: targets at a time (1). LATENT_FUZZ_BUILT=1: build/fuzz is as it should be.
set -euo pipefail
seconds=${1:-60}
shift || true
[[ $seconds =~ ^[0-9]+$ ]] || { echo "usage: scripts/fuzz.sh [SECONDS_EACH] [TARGET...]" >&2; exit 2; }
command -v clang++ >/dev/null || { echo "scripts/fuzz.sh: needs clang; tests/fuzz/replay.cpp runs without it" >&2; exit 2; }
# shellcheck source=scripts/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

build=build/fuzz
if [[ -z ${LATENT_FUZZ_BUILT:-} ]]; then
  [[ -f $build/CMakeCache.txt ]] || cmake --preset fuzz ${LATENT_UNITY:+-DCMAKE_UNITY_BUILD=ON}
  cmake --build "$build" --target latent_fuzz
fi
known=$("$build/latent_fuzz" 2>&1 | sed -n 's/.*one of://p' || true)
targets=("$@")
# shellcheck disable=SC2206  # words without blanks
[[ ${#targets[@]} -gt 0 ]] || targets=($known)
for target in "${targets[@]}"; do
  [[ " $known " == *" $target "* ]] || { echo "scripts/fuzz.sh: no target $target; there are:$known" >&2; exit 2; }
done

export ASAN_OPTIONS=allocator_may_return_null=0:detect_stack_use_after_return=0
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
corpus_of() {
  case $1 in model_in_use) echo model_pt ;; *) echo "$1" ;; esac
}

# fuzz TARGET: one target for the time given; its row of the table goes to a file.
fuzz() {
  local target=$1 folder=$build/found/$1 log=$build/found/$1.log
  local corpus=tests/fuzz/corpus/$(corpus_of "$1") found=0 runs=0 left status crash small
  local end=$((SECONDS + seconds))
  rm -rf "$folder/crashes" "$log"
  mkdir -p "$folder/inputs" "$folder/crashes"
  local -a limits=(-rss_limit_mb=2048 -malloc_limit_mb=1024 -timeout=10 -max_len=65536 -close_fd_mask=2)
  # It stops at what it finds; five of those are enough for one time.
  while left=$((end - SECONDS)) && [[ $left -gt 0 && $found -lt 5 ]]; do
    status=0
    "$build/latent_fuzz" "--target=$target" "${limits[@]}" -max_total_time="$left" -print_final_stats=1 \
      -artifact_prefix="$folder/crashes/" "$folder/inputs" "$corpus" >"$log.last" 2>&1 || status=$?
    runs=$((runs + $(grep -a '^stat::number_of_executed_units' "$log.last" | grep -o '[0-9]*$' || echo 0)))
    cat "$log.last" >>"$log"
    [[ $status -ne 0 ]] || continue
    for crash in "$folder"/crashes/{crash,timeout,oom,leak}-*; do
      [[ -f $crash ]] || continue
      found=$((found + 1))
      small=$crash.small
      "$build/latent_fuzz" "--target=$target" "${limits[@]}" -minimize_crash=1 -max_total_time=20 \
        -exact_artifact_path="$small" "$crash" >>"$log" 2>&1 || true
      [[ -s $small ]] || cp "$crash" "$small"
      cp "$small" "$corpus/found-$(sha1sum "$small" | cut -c1-12)"
      mv "$crash" "$folder/crashes/kept-$(basename "$crash")"
    done
  done
  printf '%-16s %12s %9s\n' "$target" "$runs" "$found" >"$folder/row"
}

jobs=${LATENT_FUZZ_JOBS:-1}
for target in "${targets[@]}"; do
  while [[ $(jobs -rp | wc -l) -ge $jobs ]]; do wait -n; done
  fuzz "$target" &
done
wait
printf '%-16s %12s %9s\n' target executions findings
status=0
for target in "${targets[@]}"; do
  cat "$build/found/$target/row"
  [[ $(awk '{print $3}' "$build/found/$target/row") == 0 ]] || status=1
done
exit $status
