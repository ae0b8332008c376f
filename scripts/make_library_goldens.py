#!/usr/bin/env python3
"""Writes tests/golden/notebook_libraries.json: the notebook's two library cells, run by the libraries themselves.

    pip install implicit==0.7.3 scikit-surprise==1.1.5 && OPENBLAS_NUM_THREADS=1 scripts/make_library_goldens.py [--seeds 5]

Surprise: SVD() on a random three quarters of the ratings, MSE of the rest, ratings read on the scale (1, 5). implicit:
BayesianPersonalizedRanking(factors=5) on every interaction, the figures of its last progress line. Mean and sd over seeds.
The ratings files lie in the folder LATENT_SHARED_DATA, or in data.
"""
import argparse
import contextlib
import csv
import gzip
import io
import json
import os
import pathlib
import re
import statistics

import numpy as np
import scipy.sparse as sp
from implicit.cpu.bpr import BayesianPersonalizedRanking
from surprise import SVD, Dataset, Reader

ROOT = pathlib.Path(__file__).resolve().parents[1]
DATA = pathlib.Path(os.environ.get("LATENT_SHARED_DATA", ROOT / "data"))


def read(name):
    path = DATA / name
    with (gzip.open if name.endswith(".gz") else open)(path, "rt") as f:
        rows = list(csv.reader(f, delimiter="," if ".csv" in name else "\t"))
    return [(r[0], r[1], float(r[2])) for r in rows[".csv" in name:]]


def svd(rows, seed):
    order = np.random.RandomState(seed).permutation(len(rows))
    cut = len(rows) - len(rows) // 4
    data = Dataset(Reader(rating_scale=(1, 5)))
    train = data.construct_trainset([(*rows[n], None) for n in order[:cut]])
    test = [rows[n] for n in order[cut:]]
    predictions = SVD(random_state=seed).fit(train).test(test)
    mse = float(np.mean([(p.r_ui - p.est) ** 2 for p in predictions]))
    mean = train.global_mean
    baseline = float(np.mean([(r - mean) ** 2 for _, _, r in test]))
    return {"mse": mse, "baseline_mse": baseline, "mse_over_baseline": mse / baseline}


def implicit_bpr(rows, seed):
    users, items = {}, {}
    pairs = {(users.setdefault(u, len(users)), items.setdefault(i, len(items))) for u, i, _ in rows}
    u, i = np.array(sorted(pairs)).T
    matrix = sp.csr_matrix((np.ones(len(u), np.float32), (u, i)))
    bar = io.StringIO()
    with contextlib.redirect_stderr(bar):
        BayesianPersonalizedRanking(factors=5, random_state=seed, num_threads=2).fit(matrix, show_progress=True)
    auc, skipped = re.findall(r"train_auc=([\d.]+)%, skipped=([\d.]+)%", bar.getvalue())[-1]
    return {"train_auc": float(auc) / 100, "skipped": float(skipped) / 100}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    seeds = parser.parse_args().seeds
    out = {"how": f"scripts/make_library_goldens.py --seeds {seeds} (Surprise 1.1.5, implicit 0.7.3)", "data": {}}
    for name in ("goodreads_interactions_200k.csv.gz", "ml-100k/u.data"):
        rows = read(name)
        out["data"][name] = {}
        for cell, fn in (("svd", svd), ("implicit_bpr", implicit_bpr)):
            runs = [fn(rows, seed) for seed in range(seeds)]
            out["data"][name][cell] = {
                figure: [round(statistics.mean(r[figure] for r in runs), 5), round(statistics.pstdev(r[figure] for r in runs), 5)]
                for figure in runs[0]}
    (ROOT / "tests/golden/notebook_libraries.json").write_text(json.dumps(out, indent=1) + "\n")


if __name__ == "__main__":
    main()
