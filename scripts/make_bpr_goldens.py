"""Writes what implicit's own BPR computes on one thread, tests/golden/bpr_implicit.json.

    python scripts/make_bpr_goldens.py U_DATA [FILE]    needs implicit 0.7.3, numpy, scipy

U_DATA is MovieLens 100k's u.data. Initial factors come from numpy.random.RandomState(SEED), whose
numbers a C++ test can draw too: items first, then users, row by row, (rand() - .5) / factors; rows
without interactions are 0 and every user's last column is 1, as implicit makes them. The case
"small" holds its interactions and all factors; "movielens" holds some rows and the sum of absolute
values of each table.
"""

import json
import pathlib
import sys

import numpy as np
import scipy.sparse
from implicit.cpu.bpr import BayesianPersonalizedRanking

SEED, EPOCHS = 7, 3


def initial(users, items, factors, pairs):
    random = np.random.RandomState(SEED)
    y = ((random.rand(items, factors + 1) - 0.5) / factors).astype(np.float32)
    x = ((random.rand(users, factors + 1) - 0.5) / factors).astype(np.float32)
    y[np.setdiff1d(np.arange(items), pairs[:, 1])] = 0
    x[np.setdiff1d(np.arange(users), pairs[:, 0])] = 0
    x[:, factors] = 1
    return x, y


def fit(users, items, pairs, factors, rate, penalty, verify, seed):
    pairs = np.unique(np.array(pairs), axis=0)
    matrix = scipy.sparse.csr_matrix(
        (np.ones(len(pairs), np.float32), (pairs[:, 0], pairs[:, 1])), shape=(users, items)
    )
    model = BayesianPersonalizedRanking(
        factors, rate, penalty, iterations=EPOCHS, num_threads=1, verify_negative_samples=verify,
        random_state=seed,
    )
    model.user_factors, model.item_factors = initial(users, items, factors, pairs)
    counts = []
    model.fit(matrix, show_progress=False,
              callback=lambda epoch, seconds, correct, skipped: counts.append([correct, skipped]))
    # implicit's first draw where the factors are given: one seed for its one thread.
    thread_seed = int(np.random.default_rng(seed).integers(0, 2**31, size=1, dtype="long")[0])
    out = {"users": users, "items": items, "pairs": len(pairs), "factors": factors, "lr": rate,
           "reg": penalty, "verify": verify, "generator_seed": thread_seed, "counts": counts}
    return out, model.user_factors, model.item_factors


def numbers(array):
    return [float(f"{v:.9g}") for v in np.asarray(array, np.float64).ravel()]


def small(verify):
    """User 2 has every item that anyone has, user 5 none; item 15 only has user 2, item 16 nobody."""
    random = np.random.RandomState(1)
    pairs = [(u, i) for u in (0, 1, 3, 4, 6) for i in range(15) if random.rand() < 0.4]
    pairs += [(2, i) for i in range(16)]
    out, x, y = fit(7, 17, pairs, 3, 0.1, 0.02, verify, seed=3)
    out |= {"interactions": [list(p) for p in pairs], "user_factors": numbers(x),
            "item_factors": numbers(y)}
    return out


def movielens(path):
    ids, pairs = ({}, {}), []
    for line in open(path):
        user, item = line.split("\t")[:2]
        pairs.append((ids[0].setdefault(user, len(ids[0])), ids[1].setdefault(item, len(ids[1]))))
    out, x, y = fit(len(ids[0]), len(ids[1]), pairs, 8, 0.05, 0.01, True, seed=11)
    rows = {"user_rows": [0, 1, 100, 500, 942], "item_rows": [0, 1, 100, 500, 1681]}
    out |= rows | {"user_factors": numbers(x[rows["user_rows"]]),
                   "item_factors": numbers(y[rows["item_rows"]]),
                   "user_sum": float(np.abs(x).sum(dtype=np.float64)),
                   "item_sum": float(np.abs(y).sum(dtype=np.float64))}
    return out


def main():
    here = pathlib.Path(__file__).resolve().parent.parent / "tests" / "golden"
    out = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else here / "bpr_implicit.json"
    cases = {"small": small(True), "unverified": small(False), "movielens": movielens(sys.argv[1])}
    goldens = {"how": "python scripts/make_bpr_goldens.py U_DATA", "initial_seed": SEED} | cases
    out.write_text(json.dumps(goldens, indent=1).replace("\n   ", "").replace("\n  ]", "]") + "\n")


if __name__ == "__main__":
    main()
