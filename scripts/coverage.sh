#!/usr/bin/env bash
# Which lines and branches of the readers the tests run: the core tests and the fuzz targets' replay
# in a build of their own (build/coverage), counted by gcov. Prints a table of the folders and the
# files that are covered least; build/coverage/report.html has every line.
#   scripts/coverage.sh [MUTATIONS]     of each fuzz target, 2000
set -euo pipefail
# shellcheck source=scripts/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

build=build/coverage
[[ -f $build/CMakeCache.txt ]] || cmake --preset coverage
cmake -DLATENT_FUZZ_MUTATIONS="${1:-2000}" "$build" >/dev/null
cmake --build "$build" --target latent_core_tests latent_fuzz_replay
find "$build" -name '*.gcda' -delete
ctest --test-dir "$build" -j2 --output-on-failure
if [[ ! -x $build/venv/bin/gcovr ]]; then
  python3 -m venv "$build/venv"
  "$build/venv/bin/pip" install --quiet --disable-pip-version-check gcovr
fi
"$build/venv/bin/gcovr" --root . --object-directory "$build" --exclude-throw-branches --gcov-ignore-parse-errors all \
  --filter 'src/(base|formats|data|config|serve)/' --json-summary "$build/summary.json" --html-details "$build/report.html" >/dev/null
python3 - "$build/summary.json" <<'END'
import collections
import json
import sys

folders = collections.defaultdict(lambda: [0] * 4)
files = json.load(open(sys.argv[1]))["files"]
for file in files:
    row = folders[file["filename"].rsplit("/", 1)[0]]
    for n, key in enumerate(("line_covered", "line_total", "branch_covered", "branch_total")):
        row[n] += file[key]
print(f"{'folder':14} {'lines':>16} {'branches':>18}")
for name, (lines, all_lines, branches, all_branches) in sorted(folders.items()):
    print(f"{name:14} {lines:5} of {all_lines:5} {100 * lines / all_lines:3.0f} %  {branches:5} of {all_branches:5} {100 * branches / max(1, all_branches):3.0f} %")
print("covered least, by lines that no test runs:")
for file in sorted(files, key=lambda f: f["line_covered"] - f["line_total"])[:12]:
    print(f"  {file['filename']}: {file['line_total'] - file['line_covered']} of {file['line_total']} lines")
END
