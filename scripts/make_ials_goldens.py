#!/usr/bin/env python3
"""Writes tests/golden/ials.json: what implicit's own solver makes of a small matrix.

    pip install implicit==0.7.3 && OPENBLAS_NUM_THREADS=1 scripts/make_ials_goldens.py

implicit: AlternatingLeastSquares(use_cg=False, use_native=True), three iterations from given item factors, its training loss
after each; weights above and below 1, one negative. bm25: implicit.nearest_neighbours.bm25_weight of items x users.
"""
import json
import pathlib

import numpy as np
import scipy.sparse as sp
from implicit.cpu import _als
from implicit.nearest_neighbours import bm25_weight

USERS, ITEMS, FACTORS, REG, ALPHA = 30, 20, 6, 0.05, 1.5


def main():
    rng = np.random.default_rng(3)
    dense = np.where(rng.random((USERS, ITEMS)) < 0.25, rng.integers(1, 6, (USERS, ITEMS)) / 2.0, 0)
    dense[4] = 0  # a user without pairs
    dense[:, 7] = 0  # an item without pairs
    dense[9] = rng.integers(1, 6, ITEMS)  # a user with every item
    dense[9, 7] = 2
    dense[2, 3] = -1.0
    pairs = sp.csr_matrix(dense.astype(np.float32))
    users = np.zeros((USERS, FACTORS), np.float32)
    items = (rng.random((ITEMS, FACTORS), dtype=np.float32) - 0.5)
    golden = {
        "how": "scripts/make_ials_goldens.py",
        "users": USERS, "items": ITEMS, "factors": FACTORS, "reg": REG, "alpha": ALPHA,
        "start": pairs.indptr.tolist(), "column": pairs.indices.tolist(), "weight": pairs.data.tolist(),
        "item_factors": items.ravel().tolist(), "loss": [],
    }
    confident = (pairs * ALPHA).tocsr()
    for _ in range(3):
        _als.least_squares(confident, users, items, REG, num_threads=1)
        _als.least_squares(confident.T.tocsr(), items, users, REG, num_threads=1)
        golden["loss"].append(float(_als.calculate_loss(confident, users, items, REG, num_threads=1)))
    golden["scores"] = (users @ items.T).ravel().tolist()
    positive = sp.csr_matrix(np.abs(dense).astype(np.float32))
    weighted = bm25_weight(positive.T.tocsr()).T.tocsr()
    weighted.sort_indices()
    golden["bm25_of"] = positive.data.tolist()
    golden["bm25"] = weighted.data.tolist()
    path = pathlib.Path(__file__).resolve().parents[1] / "tests/golden/ials.json"
    path.write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
