"""Ratings of films with a long tail, and a short training of every model."""

import numpy as np

MODELS = {
    "mean": [],
    "bias_only": ["train.steps=20", "train.batch_size=200"],
    "latent_factor": ["model.factors=3", "train.steps=20", "train.batch_size=200"],
    "bpr": ["model.factors=3", "train.steps=20", "train.batch_size=200", "train.lr=0.03"],
    "baseline": ["train.epochs=2"],
    "svd": ["model.factors=3", "train.epochs=2"],
    "implicit_bpr": ["model.factors=3", "train.epochs=3"],
    "ials": ["model.factors=3", "train.epochs=3"],
    "popularity": [],
    "item_mean": [],
}
AT_ONCE = ["mean", "popularity", "item_mean"]  # without steps
WITH_FACTORS = [name for name in MODELS if name not in ("bias_only", "baseline", *AT_ONCE)]


def ratings_of_films(seed=3):
    """Rows shaped as ml-latest's: few popular films, half stars, times; some users and films of a single row."""
    rng = np.random.default_rng(seed)
    popularity = 1 / np.arange(1.0, 101)
    rows = []
    for user in range(1, 51):
        count = rng.integers(4, 40)
        for film in rng.choice(100, count, replace=False, p=popularity / popularity.sum()) + 1:
            rows.append((user, int(film), float(rng.integers(1, 11)) / 2, int(1e9 + rng.integers(1e8))))
    rows += [(user, 200 + user, 4.0, 1_200_000_000 + user) for user in range(40, 51)]
    rows += [(user, 1, 3.5, 1_200_000_100 + user) for user in range(900, 915)]
    return [rows[n] for n in rng.permutation(len(rows))]
