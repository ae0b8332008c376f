#!/usr/bin/env python3
"""Times latent beside what a user would run instead, on the same data in the same run; prints ratios.

    scripts/bench.py [--rows lfm,bpr,...] [--data FILE] [--latent build/release/latent] [--json out.json]

The peers are ../shared/peers/peers.py (its requirements.txt says what to install) run by --python; the data, unless given,
is ../shared/peers/synth.py's file of the size of the notebook's comics reviews. Each of our figures is the minimum of
--repeat runs. Seconds differ from machine to machine; ratios are what to compare.
"""
import argparse
import json
import os
import pathlib
import platform
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
PEERS = ROOT / "../shared/peers"


class Bench:
    def __init__(self, options, folder):
        self.options, self.folder = options, pathlib.Path(folder)
        self.data = options.data or self.synthetic()
        self.table, self.peer_rows = [], {}

    def synthetic(self):
        path = self.folder / "comics_like.json.gz"
        print("making 542,338 synthetic reviews ...", file=sys.stderr)
        subprocess.run([self.options.python, PEERS / "synth.py", "542338", "59347", "89311", path], check=True)
        return path

    def peer(self, row):
        """-> the peers' figures of a row, run once."""
        if row not in self.peer_rows:
            environment = dict(os.environ, OPENBLAS_NUM_THREADS="1")
            out = subprocess.run([self.options.python, PEERS / "peers.py", self.data, row], check=True, capture_output=True, text=True, env=environment)
            self.peer_rows[row] = [json.loads(line) for line in out.stdout.splitlines() if line.startswith("{")]
        return self.peer_rows[row]

    def train(self, knobs, repeat=None):
        """-> the train figures of the fastest of several runs, and the seconds of the whole command."""
        best = None
        for n in range(repeat or self.options.repeat):
            run = self.folder / f"run-{time.monotonic_ns()}"
            config = self.folder / "config.json"
            config.write_text(json.dumps({"data": {"path": str(self.data), "cache_dir": str(self.folder / "cache")}}))
            command = [self.options.latent, "train", config, "--json", "--run-dir", run, "--set", "export.auto=false"]
            for knob, value in knobs.items():
                command += ["--set", f"{knob}={json.dumps(value)}"]
            start = time.monotonic()
            out = subprocess.run(command, check=True, capture_output=True, text=True)
            figures = dict(json.loads(out.stdout)["train"], command=time.monotonic() - start)
            if best is None or figures["seconds"] < best["seconds"]:
                best = figures
        return best

    def add(self, row, ours, peer, unit, target, ratio=None):
        ratio = peer / ours if ratio is None else ratio
        self.table.append({"row": row, "ours": ours, "peer": peer, "unit": unit, "ratio": ratio, "target": target})
        print(f"{row:44} {ours:10.4g} {peer:10.4g} {unit:12} {ratio:7.1f} x   target {target} x", flush=True)


def lfm(bench):
    f = bench.train({"model.name": "latent_factor", "model.factors": 5, "train.steps": 300, "eval.metrics": "rating"})
    peer = bench.peer("notebook-lfm")[0]["seconds"] / 100
    bench.add("LFM step, K=5, 50,000 samples", 1e3 * f["seconds"] / f["steps"], 1e3 * peer, "ms/step", 4)


def bpr(bench):
    f = bench.train({"model.name": "bpr", "model.factors": 5, "train.steps": 300, "eval.metrics": "rating"})
    peer = bench.peer("notebook-bpr")[0]["seconds"] / 100
    bench.add("BPR step, K=5, 50,000 samples", 1e3 * f["seconds"] / f["steps"], 1e3 * peer, "ms/step", 20)


ROWS = {"lfm": lfm, "bpr": bpr}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default=",".join(ROWS))
    parser.add_argument("--data", type=pathlib.Path)
    parser.add_argument("--latent", default=ROOT / "build/release/latent")
    parser.add_argument("--python", default=os.environ.get("LATENT_PYTHON", sys.executable), help="a Python with the peers installed")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(options, folder)
        print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} threads")
        print(f"{'row':44} {'latent':>10} {'peer':>10} {'unit':12} {'ratio':>7}")
        for row in options.rows.split(","):
            if row not in ROWS:
                sys.exit(f"unknown row {row}; known: {', '.join(ROWS)}")
            ROWS[row](bench)
        if options.json:
            options.json.write_text(json.dumps({"cpus": os.cpu_count(), "machine": platform.platform(), "table": bench.table}, indent=1) + "\n")


if __name__ == "__main__":
    main()
