#!/usr/bin/env bash
# Repeats the notebook's cells and prints its numbers beside ours:
#
#   scripts/notebook.sh [--seeds 3]      a table, each cell on the notebook's own file (scripts/fetch_data.sh brings them)
#   scripts/notebook.sh --data FILE      a table, all cells on one ratings file
#   scripts/notebook.sh --doc            writes docs/notebook.md
#
# Builds the program first, unless LATENT names one.
set -euo pipefail
scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

if [[ -z ${LATENT:-} ]]; then
  here=$PWD
  # shellcheck source=scripts/setup.sh
  source "$scripts/setup.sh"
  latent_build release latent >&2
  export LATENT=$PWD/build/release/latent
  cd "$here"
fi
exec "${LATENT_PYTHON:-python3}" "$scripts/notebook.py" "$@"
