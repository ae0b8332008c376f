#!/usr/bin/env python3
"""Makes tests/golden/item_models.json: EASE and cosine nearest neighbours over items, in NumPy and double precision.

python scripts/make_item_goldens.py   (needs NumPy; the file is the same whenever it is made)
"""

import json
import pathlib

import numpy as np

USERS, ITEMS = 40, 25
OUT = pathlib.Path(__file__).resolve().parents[1] / "tests/golden/item_models.json"


def ease(x, penalty):
    """Steck (2019), algorithm 1."""
    p = np.linalg.inv(x.T @ x + penalty * np.eye(x.shape[1]))
    b = p / -np.diag(p)
    np.fill_diagonal(b, 0)
    return b


def item_knn(x, k, shrinkage):
    """weight[j, i]: the similarity of j to i where j is one of the k nearest of i, ties to the lower index."""
    gram = x.T @ x
    norms = np.sqrt(np.outer(np.diag(gram), np.diag(gram)))
    similarity = gram / (norms + shrinkage + 1e-300)
    np.fill_diagonal(similarity, 0)
    weight = np.zeros_like(similarity)
    for i in range(x.shape[1]):
        for j in np.argsort(-np.float32(similarity[:, i]), kind="stable")[:k]:
            weight[j, i] = similarity[j, i]
    return weight


def main():
    rng = np.random.default_rng(7)
    popularity = rng.dirichlet(np.ones(ITEMS) / 2, USERS)
    x = (popularity > 0.03).astype(float)
    x[0], x[:, 3] = 0, 0  # a user and an item without any
    pairs = [[int(u), int(i)] for u, i in zip(*np.nonzero(x))]
    out = {"how": "scripts/make_item_goldens.py", "users": USERS, "items": ITEMS, "pairs": pairs,
           "ease": [{"lambda": penalty, "weight": ease(x, penalty).round(12).tolist()} for penalty in (0.5, 20.0)],
           "item_knn": [{"k": k, "shrinkage": shrinkage, "weight": item_knn(x, k, shrinkage).round(12).tolist()}
                        for k, shrinkage in ((3, 0.0), (3, 10.0), (100, 2.5))]}
    OUT.write_text(json.dumps(out) + "\n")
    print(f"{OUT}: {len(pairs)} pairs")


if __name__ == "__main__":
    main()
