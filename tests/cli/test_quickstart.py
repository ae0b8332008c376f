"""The settings of configs/quickstart.json are good: within 5 % of a ridge-ALS that knows the true variances."""

import csv
import gzip
import json

import numpy as np

import support

# What `latent synth` plants by default (src/data/synth.h): K factors on each side, N(0, s) with K s^4 = factor_std^2.
NOISE, BIAS_STD, FACTOR_STD, K = 0.5, 0.35, 0.4, 4
BIAS_PENALTY = NOISE**2 / BIAS_STD**2
FACTOR_PENALTY = NOISE**2 / (FACTOR_STD / np.sqrt(K))


def ridge_als(users, items, ratings, shape, sweeps=30):
    """The table of predictions [U, I] that minimises squared errors plus the penalties, side by side in turn."""
    known, table = np.zeros(shape), np.zeros(shape)
    known[users, items] = 1
    table[users, items] = ratings
    rng = np.random.default_rng(0)
    penalty = np.diag([BIAS_PENALTY] + [FACTOR_PENALTY] * K)
    # A side's row is (bias, factors); it meets the other side's row as (1, factors).
    sides = [np.hstack([np.zeros((n, 1)), rng.normal(0, 0.3, (n, K))]) for n in shape]
    mean = ratings.mean()

    def with_one(side):
        return np.hstack([np.ones((len(side), 1)), side[:, 1:]])

    for _ in range(sweeps):
        for side, (mask, values) in enumerate([(known, table), (known.T, table.T)]):
            other = sides[1 - side]
            features = with_one(other)
            products = (features[:, :, None] * features[:, None, :]).reshape(len(other), -1)
            grams = (mask @ products).reshape(-1, K + 1, K + 1) + penalty
            right = (values - mask * (mean + other[:, 0])) @ features
            sides[side] = np.linalg.solve(grams, right[:, :, None])[:, :, 0]
        fitted = sides[0][:, :1] + sides[1][:, 0] + sides[0][:, 1:] @ sides[1][:, 1:].T
        mean = ((table - fitted) * known).sum() / known.sum()
    return mean + fitted


class Quickstart(support.Case):
    def test_test_error_is_within_5_percent_of_ridge_als(self):
        self.latent("synth", "-o", "data.json.gz", "--no-round")
        with gzip.open(self.dir / "data.json.gz", "rt") as lines:
            rows = [json.loads(line) for line in lines]
        self.assertEqual(len(rows), 100_000)
        config = support.ROOT / "configs/quickstart.json"
        self.train("run", "data.path=data.json.gz", config=config)
        metrics = self.json("run/metrics.json")
        self.latent("evaluate", "run", "--predictions", "test.csv")
        with open(self.dir / "test.csv", encoding="utf-8") as file:
            test = {(row["user"], row["item"]): row for row in csv.DictReader(file)}
        self.assertEqual(len(test), metrics["test"]["interactions"])

        user_of, item_of = ({name: n for n, name in enumerate(dict.fromkeys(row[key] for row in rows))} for key in ("user_id", "book_id"))
        users = np.array([user_of[row["user_id"]] for row in rows])
        items = np.array([item_of[row["book_id"]] for row in rows])
        ratings = np.array([row["rating"] for row in rows])
        held = np.array([(row["user_id"], row["book_id"]) in test for row in rows])
        self.assertEqual(held.sum(), len(test))

        fitted = ridge_als(users[~held], items[~held], ratings[~held], (len(user_of), len(item_of)))
        als = np.mean((fitted[users[held], items[held]] - ratings[held]) ** 2)
        ours = np.mean([(float(row["prediction"]) - float(row["rating"])) ** 2 for row in test.values()])
        print(f"\ntest MSE: {ours:.4f}, ridge-ALS with the true variances {als:.4f} (ratio {ours / als:.3f}), "
              f"always the mean {metrics['test']['baseline_mse']:.4f}")
        self.assertAlmostEqual(ours, metrics["test"]["mse"], places=5)
        self.assertLess(als, 1.35 * NOISE**2)  # the reference itself is sound
        self.assertLessEqual(ours, 1.05 * als)

    def test_its_settings_are_worth_copying(self):
        config = json.loads(self.latent("config", "show", support.ROOT / "configs/quickstart.json", "--json").stdout)
        self.assertGreater(config["split"]["valid"], 0)
        self.assertGreater(config["train"]["patience"], 0)
        self.assertGreater(config["train"]["lambda"], 0)


if __name__ == "__main__":
    support.main()
