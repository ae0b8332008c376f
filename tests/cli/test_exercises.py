"""Exercises 5.1 to 5.4 of the notebook, both forms, on real data: the mean over 10 seeds against Python's over 10 seeds.

The figures of Python are in tests/golden/exercises.json. The bound of .006 is on mse / baseline_mse (the split's own luck
cancels in the ratio) and on the sampled AUC.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
LATENT = os.environ["LATENT"]
DATA = pathlib.Path(os.environ["LATENT_SHARED_DATA"])
GOLDEN = json.loads((ROOT / "tests/golden/exercises.json").read_text())["data"]
SEEDS = range(10)
BOUND = 0.006


def figures(config, data, seed, folder):
    """-> the test metrics of one run."""
    command = [LATENT, "train", f"configs/notebook/{config}.json", "--json", "--run-dir", f"{folder}/{config}-{seed}", "--set", f"data.path={data}",
               "--set", f"split.seed={seed}", "--set", f"train.seed={seed}", "--set", "export.auto=false", "--set", "eval.k=[10]",
               "--set", f"data.cache_dir={folder}/cache"]
    return json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)["test"]


@unittest.skipUnless(DATA.is_dir(), f"no real data at {DATA}")
class Exercises(unittest.TestCase):
    def check(self, data):
        with tempfile.TemporaryDirectory() as folder:
            for exercise in ("ex5_1", "ex5_2", "ex5_4"):
                for form, short in (("pytorch", "torch"), ("tensorflow", "tf")):
                    golden = GOLDEN[data][f"{exercise} {form}"]
                    runs = [figures(f"{exercise}_{short}", DATA / data, seed, folder) for seed in SEEDS]
                    mean = lambda f: sum(map(f, runs)) / len(runs)
                    pairs = {"auc": (mean(lambda r: r["auc_sampled"]), golden["auc"][0])} if exercise == "ex5_4" else {
                        "mse / baseline_mse": (mean(lambda r: r["mse"] / r["baseline_mse"]), golden["mse_over_baseline"][0])}
                    if exercise == "ex5_2":  # 5.3 rounds the same predictions
                        python = golden["rounded_mse"][0] / golden["mse"][0]
                        pairs["rounded_mse / mse"] = (mean(lambda r: r["rounded_mse"] / r["mse"]), python)
                    for name, (ours, python) in pairs.items():
                        with self.subTest(data=data, exercise=exercise, form=form, figure=name):
                            print(f"{data} {exercise} {form} {name}: ours {ours:.4f}, Python {python:.4f}", file=sys.stderr)
                            self.assertLess(abs(ours - python), BOUND)

    def test_goodreads_200k(self):
        self.check("goodreads_interactions_200k.csv.gz")

    def test_movielens_100k(self):
        self.check("ml-100k/u.data")


if __name__ == "__main__":
    unittest.main()
