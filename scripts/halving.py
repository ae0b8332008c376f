#!/usr/bin/env python3
"""Halving against full training of all trials: the winner of each, and the passes that it took.

    scripts/halving.py configs/sweep.json --program build/release/latent --seeds 0 1 2 --set data.path=FILE

Both searches have the same trials. A line a seed: the metric of the winner on the validation part (the mean over its seeds) and
on the test part, its rank in the full search, and the passes of all trials, further seeds apart.
"""

import argparse
import csv
import json
import pathlib
import sqlite3
import subprocess
import tempfile


def passes(folder):
    """Passes that the search took with each trial's first seed."""
    with sqlite3.connect(f"file:{folder / 'sweep.sqlite'}?mode=ro", uri=True) as db:
        return sum(steps for (steps,) in db.execute(
            "SELECT MAX(CAST(steps AS REAL) / steps_per_pass) FROM results WHERE seed = 0 GROUP BY trial"))


def search(options, folder, kind, seed):
    """The sweep's table, as JSON."""
    sets = [f"sweep.search={kind}", f"sweep.seed={seed}", *options.set]
    words = [options.program, "sweep", options.config, "--run-dir", folder, "--jobs", options.jobs, "--json"]
    done = subprocess.run([*map(str, words), *(word for text in sets for word in ("--set", text))], check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8")
    return json.loads(done.stdout)


def rank_in(folder, trial):
    with open(folder / "sweep.csv", newline="", encoding="utf-8") as file:
        return next(int(line["rank"]) for line in csv.DictReader(file) if int(line["trial"]) == trial)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config")
    parser.add_argument("--program", default="build/release/latent")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--set", action="append", default=[])
    options = parser.parse_args()
    print("seed  search    valid            test             rank  passes")
    for seed in options.seeds:
        with tempfile.TemporaryDirectory() as parent:
            folders = {kind: pathlib.Path(parent) / kind for kind in ("random", "halving")}
            full = passes_of = None
            for kind, folder in folders.items():
                table = search(options, folder, kind, seed)
                winner, best = table["winner"], table["trials"][0]
                test = winner["test"][table["metric"]]
                passes_of = passes(folder)
                full = full or passes_of
                figures = "  ".join(f"{mean:.4f} ± {sd or 0:.4f}" for mean, sd in ((best["value"], best["sd"]), (test["mean"], test["sd"])))
                print(f"{seed:4}  {kind:8}  {figures}  {rank_in(folders['random'], winner['trial']):4}  {passes_of:.0f} "
                      f"({100 * passes_of / full:.0f} %)", flush=True)


if __name__ == "__main__":
    main()
