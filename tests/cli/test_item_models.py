"""What a model should beat: popularity, item_mean, item_knn and ease are trained, judged and compared like any other."""

import csv
import json
import os
import pathlib
import resource
import unittest

import numpy as np

import support

DATA = pathlib.Path(os.environ.get("LATENT_SHARED_DATA", ""))
MODELS = ["popularity", "item_mean", "item_knn", "ease"]
ITEM_ITEM = ["item_knn", "ease"]
KNOBS = {"item_knn": ["item_knn.k=7", "item_knn.shrinkage=3"], "ease": ["ease.lambda=20"]}


class Small(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rows = support.random_rows(90, 50, 1500)
        support.write_rows(cls.dir / "d.csv", cls.rows)
        support.write_config(cls.dir / "config.json", data="d.csv", split={"test": 0.2, "valid": 0.1},
                             eval={"metrics": "all", "k": [3, 10]})
        cls.told = {}
        for name in MODELS:
            cls.told[name] = cls().train(name, f"model.name={name}", *KNOBS.get(name, []))

    def metrics(self, run):
        return self.json(f"{run}/metrics.json")


class Training(Small):
    def test_leaves_a_run_that_evaluate_judges_to_the_same_figures(self):
        for name in MODELS:
            with self.subTest(name):
                again = json.loads(self.latent("evaluate", name, "--json").stdout)
                for part in ("test", "valid"):
                    self.assertEqual(again[part], self.metrics(name)[part])

    def test_is_the_same_for_any_number_of_threads(self):
        for name in MODELS:
            self.train(f"{name}-3", f"model.name={name}", *KNOBS.get(name, []), "train.threads=3")
            self.assertEqual(self.metrics(f"{name}-3")["test"], self.metrics(name)["test"], name)

    def test_by_popularity_has_the_figures_of_the_popularity_baseline(self):
        test = self.metrics("popularity")["test"]
        names = [name for name in test if f"popularity_{name}" in test]
        self.assertIn("ndcg@10", names)
        self.assertIn("auc", names)
        for name in names:
            self.assertEqual(test[name], test[f"popularity_{name}"], name)

    def test_by_item_means_has_the_error_of_the_item_mean_baseline_which_others_have_beside_theirs(self):
        self.assertEqual(self.metrics("item_mean")["test"]["mse"], self.metrics("item_mean")["test"]["item_mean_mse"])
        self.train("mean", "model.name=mean")
        told = self.metrics("mean")["test"]
        self.assertEqual(told["item_mean_mse"], self.metrics("item_mean")["test"]["mse"])
        self.assertAlmostEqual(told["baseline_mse"], told["mse"], places=6)
        self.assertIn("item_mean_mse", self.latent("evaluate", "mean").stdout)

    def test_by_similar_items_ranks_what_a_plain_sum_says(self):
        for name in ITEM_ITEM:
            with self.subTest(name):
                self.latent("evaluate", name, "--predictions", "p.csv")
                with open(self.dir / "p.csv", encoding="utf-8") as file:
                    told = {(row["user"], row["item"]): float(row["prediction"]) for row in csv.DictReader(file)}
                self.latent("evaluate", name, "--predictions", "train.csv", "--part", "train")
                with open(self.dir / "train.csv", encoding="utf-8") as file:
                    pairs = {(row["user"], row["item"]) for row in csv.DictReader(file)}
                users, items = (list(dict.fromkeys(row[n] for row in self.rows)) for n in (0, 1))  # as they are numbered
                x = np.zeros((len(users), len(items)))
                for user, item in pairs:
                    x[users.index(user), items.index(item)] = 1
                scores = x @ self.weights(name, x)
                for (user, item), score in told.items():
                    self.assertAlmostEqual(score, scores[users.index(user), items.index(item)], places=4)

    @staticmethod
    def weights(name, x):
        gram = x.T @ x
        if name == "ease":
            inverse = np.linalg.inv(gram + 20 * np.eye(len(gram)))
            weights = -inverse / np.diag(inverse)
        else:
            weights = (gram / (np.sqrt(np.outer(np.diag(gram), np.diag(gram))) + 3)).astype(np.float32)
            np.fill_diagonal(weights, 0)
            for column in weights.T:
                column[np.argsort(-column, kind="stable")[7:]] = 0
        np.fill_diagonal(weights, 0)
        return weights

    def test_says_what_memory_ease_takes(self):
        self.assertIn("ease: 50 items take 1 MB of memory while they are fitted, and 1 MB after that", self.told["ease"].stderr)

    def test_of_item_item_models_passes_over_the_export_with_a_note(self):
        for name in ITEM_ITEM:
            self.assertIn(f"no model.pt: {name} scores by similarities of items", self.told[name].stderr)
            self.assertFalse((self.dir / name / "model.pt").exists())
            self.train(f"{name}-none", f"model.name={name}", "export.auto=false")
        for name in ("popularity", "item_mean"):
            self.latent("export", name, "-o", f"{name}.npz")
            tables = np.load(self.dir / f"{name}.npz", allow_pickle=False)
            self.assertEqual(tables["beta_item"].shape, (50,))
            self.latent("recommend", name, "--user", "u1")

    def test_serves_cross_validation_and_resuming(self):
        for name in MODELS:
            told = json.loads(self.latent("crossval", "config.json", "--folds", "3", "--json", *support.set_options(
                [f"model.name={name}", "split.valid=0"])).stdout)
            self.assertEqual(len(told["folds"]), 3)
            before = self.metrics(name)["test"]
            self.latent("train", "--resume", name)
            self.assertEqual(self.metrics(name)["test"], before)

    def test_judges_a_later_file_with_users_and_items_that_came_later(self):
        support.write_rows(self.dir / "later.csv", [("u1", "new", 3), ("stranger", "i1", 4), ("stranger", "i2", 5), ("u2", "i3", 1),
                                                    *self.rows[-40:]])
        for name in MODELS:
            told = json.loads(self.latent("evaluate", name, "--data", "later.csv", "--json").stdout)["test"]
            self.assertGreaterEqual(told["cold_users"], 1)
            self.assertIn("warm_ndcg@10", told)

    def test_serves_sampled_rankings_and_a_mask_of_train_alone(self):
        for name in MODELS:
            told = json.loads(self.latent("evaluate", name, "--json", "--set", "eval.candidates=20", "--set", "eval.mask=train").stdout)
            self.assertTrue(told["test"]["sampled"])
            self.assertGreater(told["test"]["ndcg@10"], 0)

    def test_is_one_of_a_sweeps_models(self):
        support.write_config(self.dir / "sweep.json", data="d.csv", split={"test": 0.2, "valid": 0.2},
                             sweep={"over": {"model.name": MODELS, "ease.lambda": {"log": [1, 100]}, "item_knn.k": {"pow2": [2, 16]}},
                                    "search": "random", "trials": 14, "seeds": 2, "metric": "ndcg@10"})
        self.latent("sweep", "sweep.json", "--run-dir", "sweep")
        with open(self.dir / "sweep/sweep.csv", newline="", encoding="utf-8") as file:
            lines = list(csv.DictReader(file))
        self.assertEqual({line["model.name"] for line in lines if line["trial"] != "0"}, set(MODELS))
        self.assertTrue(all(line["state"] == "finished" for line in lines), lines)


class BadInput(Small):
    def test_is_one_line_each(self):
        for name in ITEM_ITEM:
            self.assertEqual(self.complaint("export", name, "-o", "x.pt"),
                             f"{name}: {name} scores by similarities of items, which no exported file holds; judge it with latent evaluate, "
                             "or export another model, such as ials")
            self.assertEqual(self.complaint("train", "config.json", "--set", f"model.name={name}", "--set", "export.fit=all"),
                             f"export.fit = all, but {name} cannot be exported; leave it out")
        self.assertIn("train.lr is not read by ease, which is computed at once",
                      self.complaint("train", "config.json", "--set", "model.name=ease", "--set", "train.lr=0.5"))
        self.assertRegex(self.complaint("train", "config.json", "--set", "model.name=ease", "--set", "ease.lambda=0"), "ease.lambda")
        self.assertRegex(self.complaint("train", "config.json", "--set", "model.name=item_knn", "--set", "item_knn.k=0"), "item_knn.k")

    def test_a_run_is_computed_again_from_its_own_data_and_knobs_alone(self):
        support.write_rows(self.dir / "grows.csv", self.rows)
        for name in MODELS:
            run = f"{name}-grows"
            self.train(run, f"model.name={name}", "data.path=grows.csv")
            self.assertEqual(self.complaint("evaluate", run, "--set", "split.seed=1"),
                             f"'split.seed' was 0 in {run} and is 1 now, but {name} is computed again from its data as it was; "
                             "train a new run with it")
            self.latent("evaluate", run, "--set", "eval.k=[5]")
        support.write_rows(self.dir / "grows.csv", [*self.rows, ("u1", "i1", 3)])
        for name in MODELS:
            self.assertRegex(self.complaint("evaluate", f"{name}-grows"), "the data at grows.csv has changed since")

    def test_ease_that_needs_more_memory_than_there_is_is_refused_before_it_begins(self):
        with open(self.dir / "wide.csv", "w", encoding="utf-8") as file:
            file.write("user,item\n" + "".join(f"{n % 5000},{n}\n" for n in range(60000)))
        limit = 8_000_000_000
        done = support.subprocess.run(
            support.command("train", "config.json", *support.set_options(
                ["data.path=wide.csv", "model.name=ease", "split.valid=0", "eval.metrics=auto", "data.cache_dir=none"])),
            cwd=self.dir, env=support.environment(self.dir), capture_output=True, encoding="utf-8", timeout=300,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)))
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertRegex(done.stderr.splitlines()[-1], r"^latent: ease: \d+ items need 28\.\d GB of memory, and \d\.\d GB are free; keep fewer")


@unittest.skipUnless((DATA / "ml-1m-ranking").is_dir(), f"no real data at {DATA}")
class OnMovieLens(support.Case):
    def test_ease_comes_to_the_known_figures(self):
        # facts: NumPy's EASE, lambda 700, recall@10 and ndcg@10 with train alone masked.
        data = {part: str(DATA / f"ml-1m-ranking/{file}.txt.gz")
                for part, file in (("path", "train"), ("valid_path", "valid"), ("test_path", "test"))}
        support.write_config(self.dir / "config.json", data=data, split={"kind": "files"},
                             model={"name": "ease"}, ease={"lambda": 700}, eval={"mask": "train", "k": [10]})
        self.train("ease")
        test = self.json("ease/metrics.json")["test"]
        self.assertAlmostEqual(test["recall@10"], 0.165, delta=0.0006)
        self.assertAlmostEqual(test["ndcg@10"], 0.327, delta=0.0006)
        both = json.loads(self.latent("evaluate", "ease", "--json", "--set", "eval.mask=train_valid").stdout)["test"]
        self.assertAlmostEqual(both["recall@10"], 0.181, delta=0.0006)
        self.assertAlmostEqual(both["ndcg@10"], 0.389, delta=0.0006)


if __name__ == "__main__":
    support.main()
