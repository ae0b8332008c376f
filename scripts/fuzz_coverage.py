#!/usr/bin/env python3
"""How much of the readers the fuzz targets reach: functions and edges (jumps of the compiled code) of each folder, from the inputs that
scripts/fuzz.sh has kept and the corpus. Needs build/fuzz/latent_fuzz. Edges are counted by the target that reaches most of a function: a lower bound.

  scripts/fuzz_coverage.py [--least N]     also the N functions of which most is never reached"""
import argparse
import collections
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
PROGRAM = ROOT / "build/fuzz/latent_fuzz"
FOLDERS = ("base", "formats", "config", "data", "score", "serve", "server")
LINE = re.compile(r"COVERED_FUNC: hits: \d+ edges: (\d+)/(\d+) (.*) \S*/src/(\w+)/([\w.]+):\d+$")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--least", type=int, default=10)
    least = parser.parse_args().least
    if not PROGRAM.exists():
        sys.exit("fuzz_coverage: no build/fuzz/latent_fuzz; scripts/fuzz.sh builds it")
    names = subprocess.run([PROGRAM], capture_output=True, text=True).stderr.split("one of:")[1].split()
    reached, edges = collections.defaultdict(int), {}
    for name in names:
        corpus = ROOT / "tests/fuzz/corpus" / ("model_pt" if name == "model_in_use" else name)
        folders = [f for f in (ROOT / f"build/fuzz/found/{name}/inputs", corpus) if f.is_dir()]
        done = subprocess.run([PROGRAM, f"--target={name}", "-runs=0", "-print_coverage=1", "-close_fd_mask=2", *folders], capture_output=True, text=True, errors="replace")
        for line in (done.stdout + done.stderr).splitlines():
            found = LINE.search(line)
            if found and found[4] in FOLDERS:
                key = (found[4], found[5], found[3])
                reached[key] = max(reached[key], int(found[1]))
                edges[key] = int(found[2])
    print(f"{'folder':10} {'functions':>18} {'edges':>22}")
    for folder in FOLDERS:
        keys = [key for key in edges if key[0] == folder]
        functions, all_edges, some = sum(reached[key] > 0 for key in keys), sum(edges[key] for key in keys), sum(reached[key] for key in keys)
        if keys:
            print(f"{folder:10} {functions:5} of {len(keys):5} {100 * functions / len(keys):3.0f} % {some:7} of {all_edges:7} {100 * some / all_edges:3.0f} %")
    for key in sorted(edges, key=lambda k: reached[k] - edges[k])[:least]:
        print(f"  {edges[key] - reached[key]} of {edges[key]} edges: {key[2][:100]} ({key[0]}/{key[1]})")


if __name__ == "__main__":
    main()
