#!/usr/bin/env bash
# Mutation testing of kernels, scores and metrics: scripts/mutants.py says how.
#   scripts/mutants.sh [--only TEXT] [--limit N] [--level baseline|avx2|avx512]
exec python3 "$(dirname "${BASH_SOURCE[0]}")/mutants.py" "$@"
