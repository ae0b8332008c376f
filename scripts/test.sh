#!/usr/bin/env bash
# Builds everything and runs every test. Arguments go to ctest: scripts/test.sh -R split
# With --sanitize first: those of all that includes no LibTorch, under sanitizers (scripts/sanitize.sh).
set -euo pipefail
if [[ ${1:-} == --sanitize ]]; then
  shift
  exec bash "$(dirname "${BASH_SOURCE[0]}")/sanitize.sh" "$@"
fi
# shellcheck source=scripts/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

latent_build release
# Kernels are tested under each of these levels that the processor has (LATENT_CPU).
processor=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null | head -n 1 || true)
levels=baseline
for flag in avx2:avx2 avx512vl:avx512; do
  if grep -qw "${flag%:*}" /proc/cpuinfo 2>/dev/null; then levels+=" ${flag#*:}"; fi
done
echo "tests on: ${processor:-an unknown processor}; kernels under: $levels"
# No test at all is a failure: the build would have left them out.
ctest --test-dir build/release --output-on-failure --no-tests=error -j2 "$@"
