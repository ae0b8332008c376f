"""The scripts that benchmarks stand on: made-up reviews are what they say, and the notebook's models in Python are its configs."""

import gzip
import json
import subprocess
import sys

import numpy as np

import support

sys.path.insert(0, str(support.ROOT / "scripts"))
import notebook_python  # noqa: E402

ROWS, USERS, ITEMS = 8000, 300, 200
CELLS = [  # config, kind of the model in Python, form
    ("lfm_torch", "lfm", "torch"), ("lfm_tf", "lfm", "tf"), ("ex5_1_torch", "bias", "torch"), ("ex5_1_tf", "bias", "tf"),
    ("bpr_torch", "bpr", "torch"), ("bpr_tf", "bpr", "tf")]


class Scripts(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.made = cls.dir / "reviews.json.gz"
        cls.synth(cls.made)

    @classmethod
    def synth(cls, path, *seed):
        words = [sys.executable, support.ROOT / "scripts/synth.py", ROWS, USERS, ITEMS, path, *seed]
        subprocess.run(list(map(str, words)), check=True, capture_output=True)

    def test_made_up_reviews_are_distinct_pairs_in_goodreads_shape(self):
        told = json.loads(self.latent("data", "info", self.made, "--json").stdout)
        self.assertEqual((told["rows"], told["repeated_pairs"]), (ROWS, 0))
        self.assertLessEqual((told["users"], told["items"]), (USERS, ITEMS))
        with gzip.open(self.made, "rt") as lines:
            rows = list(map(json.loads, lines))
        self.assertLessEqual({row["rating"] for row in rows}, set(range(6)))
        counts = sorted(np.unique([row["book_id"] for row in rows], return_counts=True)[1])
        self.assertGreater(counts[-1], 5 * counts[len(counts) // 2])  # popularity falls steeply

    def test_a_seed_is_one_file(self):
        rows = []
        for seed in ((), (0,), (1,)):
            self.synth(self.dir / "again.json.gz", *seed)
            rows.append(gzip.decompress((self.dir / "again.json.gz").read_bytes()))
        self.assertEqual(rows[0], gzip.decompress(self.made.read_bytes()))
        self.assertEqual(rows[0], rows[1])
        self.assertNotEqual(rows[0], rows[2])

    def test_the_notebooks_models_in_python_have_the_objectives_of_its_configs(self):
        notebook_python.BATCH, seeds = 2000, range(2)
        rows = notebook_python.read(self.made)
        self.assertEqual(len(rows), ROWS)
        for config, kind, form in CELLS:
            ours, python = [], []
            for seed in seeds:
                split = notebook_python.Split(rows, seed)
                if kind == "bpr":
                    figures = notebook_python.train_bpr(split, 5, 20, seed, form, rows="all" if form == "tf" else "train")
                else:
                    figures = notebook_python.train_ratings(split, 5, 20, kind, seed, form)
                python.append([figures["first_loss"], figures["objective_10"], figures["objective_20"]])
                run = f"{config}-{seed}"
                self.train(run, f"data.path={self.made}", "train.steps=20", "train.batch_size=2000", f"split.seed={seed}", f"train.seed={seed}",
                           config=support.ROOT / f"configs/notebook/{config}.json")
                log = {line["step"]: line["objective"] for line in self.log(run) if "objective" in line}
                ours.append([log[1], log[10], log[20]])
            with self.subTest(config):
                # Room for the luck of initial values; half a loss is far beyond.
                np.testing.assert_allclose(np.mean(ours, 0), np.mean(python, 0), rtol=0.08)


if __name__ == "__main__":
    support.main()
