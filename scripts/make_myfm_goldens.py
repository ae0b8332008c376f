#!/usr/bin/env python3
"""Errors of myFM on MovieLens 100k's own folds, for tests/golden/myfm.json.

    scripts/make_myfm_goldens.py --data data/ml-100k -o tests/golden/myfm.json

Needs myfm and scipy (myfm 0.4.0 made the committed file). Users and items are one-hot, as factorisation
machines have matrix factorisation; predictions are clipped to the scale of 1 to 5.
"""

import argparse
import json
import pathlib

import myfm
import numpy as np
from scipy import sparse

RANK, BURN_IN, SAMPLES = 10, 50, 300


def rows(path):
    return np.loadtxt(path, usecols=(0, 1, 2))


def one_hot(ids, known):
    """One column for each known id; an unknown one has none."""
    place = {name: n for n, name in enumerate(known)}
    pairs = [(n, place[name]) for n, name in enumerate(ids) if name in place]
    at, columns = zip(*pairs)
    return sparse.csr_matrix((np.ones(len(pairs)), (at, columns)), shape=(len(ids), len(known)))


def errors(train, test):
    users, items = np.unique(train[:, 0]), np.unique(train[:, 1])
    features = [sparse.hstack([one_hot(part[:, 0], users), one_hot(part[:, 1], items)]).tocsr()
                for part in (train, test)]
    model = myfm.MyFMRegressor(rank=RANK, random_seed=0)
    model.fit(features[0], train[:, 2], n_iter=BURN_IN + SAMPLES, n_kept_samples=SAMPLES,
              group_shapes=[len(users), len(items)])
    wrong = np.clip(model.predict(features[1]), 1, 5) - test[:, 2]
    return {"rmse": float(np.sqrt(np.mean(wrong**2))), "mae": float(np.mean(np.abs(wrong)))}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, type=pathlib.Path)
    parser.add_argument("-o", "--output", required=True, type=pathlib.Path)
    options = parser.parse_args()
    golden = {"rank": RANK, "burn_in": BURN_IN, "samples": SAMPLES, "folds": {}}
    for fold in ("u1", "u2"):
        golden["folds"][fold] = errors(rows(options.data / f"{fold}.base"), rows(options.data / f"{fold}.test"))
    options.output.write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
