#!/usr/bin/env python3
"""Kills a sweep again and again at random moments and checks that it comes to the table of one that ran through.

    scripts/kill_sweep.py CONFIG --program build/release/latent --kills 20 --jobs 1 2

Prints a line for each number of jobs, and exits with 1 when a table differs by a byte.
"""

import argparse
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time


def run(program, *words, log):
    """Runs to the end; seconds."""
    start = time.monotonic()
    subprocess.run([program, "sweep", *map(str, words)], check=True, stdout=log, stderr=log)
    return time.monotonic() - start


def killed(program, words, seconds, log):
    """Starts the sweep and kills it after `seconds`; whether it was still at work."""
    process = subprocess.Popen([program, "sweep", *map(str, words)], stdout=log, stderr=log)
    try:
        process.wait(timeout=seconds)
        return False
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
        return True


def campaign(options, folder, jobs, whole, log):
    """(kills, whether the tables are the same)."""
    rng = random.Random(options.seed * 1000 + jobs)
    kills = 0
    # Each piece is a small part of the whole, so that all kills meet a sweep at work.
    longest = 2 * whole / options.kills
    while kills < options.kills:
        begun = (folder / "sweep.json").exists()
        words = ["--resume", folder] if begun else [options.config, "--run-dir", folder]
        if not killed(options.program, [*words, "--jobs", jobs], options.start + rng.uniform(0, longest), log):
            break
        kills += 1
    run(options.program, "--resume", folder, "--jobs", jobs, log=log)
    return kills


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config")
    parser.add_argument("--program", default="build/release/latent")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--jobs", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--start", type=float, default=0.3, help="seconds that starting and reading the data takes")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    same = True
    with tempfile.TemporaryDirectory() as name, open(pathlib.Path(name) / "log", "w", encoding="utf-8") as log:
        folder = pathlib.Path(name)
        whole = run(options.program, options.config, "--run-dir", folder / "whole", log=log)
        table = (folder / "whole/sweep.csv").read_bytes()
        print(f"ran through in {whole:.1f} s: {table.count(10) - 1} trials", flush=True)
        for jobs in options.jobs:
            kills = campaign(options, folder / f"killed{jobs}", jobs, whole, log)
            equal = (folder / f"killed{jobs}/sweep.csv").read_bytes() == table
            print(f"jobs {jobs}: {kills} kills, {'the same table' if equal else 'ANOTHER TABLE'}", flush=True)
            same = same and equal
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
