#!/usr/bin/env bash
# Builds everything and runs every test. Arguments go to ctest: scripts/test.sh -R split
set -euo pipefail
# shellcheck source=scripts/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

latent_build release
# No test at all is a failure: the build would have left them out.
ctest --test-dir build/release --output-on-failure --no-tests=error -j2 "$@"
