#!/usr/bin/env bash
# From a fresh checkout to a trained model and its first recommendations. What is already there is
# kept: remove runs/quickstart to train again.
set -euo pipefail
# shellcheck source=scripts/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

latent=build/release/latent
data=data/quickstart.json.gz
run=runs/quickstart

latent_build release latent

if [[ ! -f $data ]]; then
  mkdir -p "$(dirname "$data")"
  "$latent" synth -o "$data"
fi

if [[ -f $run/model.pt ]]; then
  echo "$run/model.pt is there already: not trained again (remove $run to do so)"
else
  "$latent" train configs/quickstart.json --run-dir "$run"
fi

# The first row's user. gzip writes into a pipe that closes after one line, which is no error.
IFS= read -r row < <(gzip -dc "$data" 2>/dev/null) || true
user=$(sed -nE 's/.*"user_id": *"([^"]*)".*/\1/p' <<<"$row")
[[ -n $user ]] || { echo "no user_id in the first row of $data: $row" >&2; exit 1; }

echo
echo "run      $run/"
echo "metrics  $run/metrics.json"
echo "model    $run/model.pt"
echo
echo "\$ $latent recommend $run/model.pt --user $user -k 5"
"$latent" recommend "$run/model.pt" --user "$user" -k 5
