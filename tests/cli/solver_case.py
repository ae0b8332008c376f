"""Small rating files for tests of the models that solvers train."""

import csv
import json

import numpy as np

import support

ROWS = support.random_rows(40, 30, 500)
TRAIN = [(user, item, min(max(rating, 1), 4)) for user, item, rating in ROWS[:400]]  # rated 1 to 4, the test part 0 to 5
TEST = [*ROWS[400:], ("late", "i0", 5), ("u0", "new", 1)]
USERS, ITEMS = (list(dict.fromkeys(row[n] for row in [*TRAIN, *TEST])) for n in (0, 1))
U, I = (np.array([ids.index(row[n]) for row in TRAIN]) for n, ids in ((0, USERS), (1, ITEMS)))
RATINGS = np.array([row[2] for row in TRAIN], float)
ALL_ROWS = ["split.kind=random", "split.test=0", "data.test_path="]  # ids keep their order of first appearance


class Small(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        support.write_rows(cls.dir / "train.csv", TRAIN)
        support.write_rows(cls.dir / "test.csv", TEST)
        support.write_config(cls.dir / "config.json", data={"path": "train.csv", "test_path": "test.csv"}, split={"kind": "files"},
                             train={"threads": 1})

    def fit(self, model, *sets, run="run"):
        """Trains `model`; the tables of its checkpoint by name, without columns of one."""
        self.train(run, f"model.name={model}", *support.factors(model, 4), *sets, flags=["--overwrite"])
        tables = support.read_checkpoint(self.checkpoints(run)[-1])[1]
        return {name.split(".")[1]: table.squeeze(-1) if table.shape[-1] == 1 else table for name, table in tables.items()}

    def predicted(self, run="run"):
        """(rating, prediction) of the test part, in its order."""
        self.latent("evaluate", run, "--predictions", "p.csv")
        with open(self.dir / "p.csv", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual([(row["user"], row["item"]) for row in rows], [row[:2] for row in TEST])
        return np.array([float(row["prediction"]) for row in rows])

    def json_of(self, *words):
        """What a command prints with --json."""
        return json.loads(self.latent(*words, "--json").stdout)
