#!/usr/bin/env bash
# scripts/test.sh --sanitize: the tests of all that includes no LibTorch under the address and
# undefined-behaviour sanitizers, then under the thread sanitizer: the core, every reader under
# fuzz, the server and the commands that only read. Any report is a failure.
# LibTorch's own part is not among them: `cmake --preset asan` builds that too, in half an hour.
set -euo pipefail
# shellcheck source=scripts/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1:handle_abort=0
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1

# Commands that train run in the ordinary program, for tests of what reads their files.
either_program() {
  local folder=$1
  cat >"$folder/either" <<END
#!/usr/bin/env bash
case "\$1" in
  train | crossval | sweep | evaluate | export | inspect | report) exec "$PWD/build/release/latent" "\$@" ;;
  *) exec "$PWD/$folder/latent" "\$@" ;;
esac
END
  chmod +x "$folder/either"
}

sanitize() {
  local preset=$1
  shift
  local folder=build/$preset
  [[ -f $folder/build.ninja || -f $folder/Makefile ]] || cmake --preset "$preset" ${LATENT_UNITY:+-DCMAKE_UNITY_BUILD=ON}
  cmake --build "$folder" --target latent_core_tests latent_fuzz_replay latent
  ctest --test-dir "$folder" --output-on-failure --no-tests=error "$@"
  [[ -n ${LATENT_PYTHON:-} && -x build/release/latent ]] || { echo "commands under $preset: skipped, they need build/release/latent and Python" && return; }
  either_program "$folder"
  local name
  for name in readers_agree find lists serve_http; do
    echo "under $preset: tests/cli/test_$name.py"
    LATENT=$PWD/$folder/either "$LATENT_PYTHON" "tests/cli/test_$name.py"
  done
}

sanitize readers-asan "$@"
sanitize readers-tsan "$@"
