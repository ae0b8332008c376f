#!/usr/bin/env bash
# The long proof of `latent serve`: SECONDS of mixed load with a swap of models a second
# (scripts/soak.py), then 10,000 requests of schemathesis against /openapi.json, none of which may
# be answered with a 5xx (scripts/soak_openapi.py, in a virtual environment under build/).
#
#   scripts/soak.sh [SECONDS] [REQUESTS]
set -euo pipefail
# shellcheck source=scripts/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

seconds=${1:-600}
requests=${2:-10000}
program=${LATENT:-build/release/latent}
[[ -x $program ]] || latent_build release latent
python=${LATENT_PYTHON:-python3}

echo "mixed load for $seconds seconds, a swap a second"
"$python" scripts/soak.py "$seconds" --program "$program" --json build/soak.json

if [[ $requests -gt 0 ]]; then
  clients=build/soak_clients
  if [[ ! -x $clients/bin/st ]]; then
    python3 -m venv "$clients"
    "$clients/bin/pip" install --quiet --disable-pip-version-check schemathesis
  fi
  echo "$requests requests of schemathesis"
  "$clients/bin/python" scripts/soak_openapi.py "$requests" --program "$program" \
    --json build/soak_openapi.json
fi
