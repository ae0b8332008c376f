#!/usr/bin/env python3
"""Test errors of a config of ours beside myFM of rank 0 (Bayesian biases alone), on the same splits.

    scripts/against_myfm.py CONFIG [--seeds 0 1 2 3 4 5] [--rank 0] [--set KEY=VALUE ...]

Each seed is split.seed and train.seed: `latent split` writes the parts, both train on train and valid together, and both are judged on
the test part. myFM's ids of the test part that training lacks have no feature, as ours count for nothing. Needs myfm and scipy.
"""

import argparse
import json
import math
import pathlib
import statistics
import subprocess
import tempfile

import myfm
import numpy as np
from scipy import sparse

ROOT = pathlib.Path(__file__).resolve().parents[1]
BURN_IN, SAMPLES = 50, 300


def rows(path):
    return np.loadtxt(path, delimiter=",", skiprows=1, usecols=(0, 1, 2), dtype=str)


def one_hot(ids, known):
    place = {name: n for n, name in enumerate(known)}
    pairs = [(n, place[name]) for n, name in enumerate(ids) if name in place]
    at, columns = zip(*pairs)
    return sparse.csr_matrix((np.ones(len(pairs)), (at, columns)), shape=(len(ids), len(known)))


def theirs(folder, rank, seed):
    train = np.concatenate([rows(folder / f"{part}.csv") for part in ("train", "valid") if (folder / f"{part}.csv").exists()])
    test = rows(folder / "test.csv")
    known = [np.unique(train[:, column]) for column in (0, 1)]
    features = [sparse.hstack([one_hot(part[:, column], known[column]) for column in (0, 1)]).tocsr() for part in (train, test)]
    ratings = [part[:, 2].astype(float) for part in (train, test)]
    model = myfm.MyFMRegressor(rank=rank, random_seed=seed)
    model.fit(features[0], ratings[0], n_iter=BURN_IN + SAMPLES, n_kept_samples=SAMPLES, group_shapes=[len(ids) for ids in known])
    wrong = np.clip(model.predict(features[1]), ratings[0].min(), ratings[0].max()) - ratings[1]
    return float(np.mean(wrong**2))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config")
    parser.add_argument("--program", default=str(ROOT / "build/release/latent"))
    parser.add_argument("--seeds", type=int, nargs="+", default=range(6))
    parser.add_argument("--rank", type=int, default=0)
    parser.add_argument("--set", action="append", default=[])
    options = parser.parse_args()
    found = []
    for seed in options.seeds:
        words = [f"split.seed={seed}", f"train.seed={seed}", *options.set]
        sets = [word for text in words for word in ("--set", text)]
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            quiet = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            subprocess.run([options.program, "train", options.config, "--run-dir", str(folder / "run"), *sets], **quiet)
            split = [word for text in words if text.startswith(("data.", "split.")) for word in ("--set", text)]
            subprocess.run([options.program, "split", options.config, "-o", str(folder / "parts"), *split], **quiet)
            test = json.loads((folder / "run/metrics.json").read_text())["test"]
            mean = test["mse"] / test["baseline_mse"]
            other = theirs(folder / "parts", options.rank, seed)
        found.append((test["mse"], other))
        print(f"seed {seed}: ours {test['mse']:.4f} ({mean:.4f} of the mean's), myFM rank {options.rank} {other:.4f}, difference {test['mse'] - other:+.4f}", flush=True)
    differences = [ours - other for ours, other in found]
    error = statistics.stdev(differences) / math.sqrt(len(found)) if len(found) > 1 else float("nan")
    print(f"mean: ours {statistics.fmean(f[0] for f in found):.4f}, myFM {statistics.fmean(f[1] for f in found):.4f}, "
          f"difference {statistics.fmean(differences):+.4f} ± {error:.4f} (standard error)")


if __name__ == "__main__":
    main()
