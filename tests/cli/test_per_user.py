"""per_user.npz: each user's figures of the test part, in every run that has one."""

import json
import math

import numpy as np

import support

CASES = {
    "ratings": ["model.name=latent_factor", "model.factors=3", "train.steps=10"],
    "rankings": ["model.name=ials", "model.factors=3", "train.epochs=2"],
    "both": ["model.name=latent_factor", "model.factors=3", "train.steps=10", "eval.metrics=all", "eval.relevant_at_least=4"],
    "sampled": ["model.name=ials", "model.factors=3", "train.epochs=2", "eval.candidates=9"],
    "refit": ["model.name=latent_factor", "model.factors=3", "train.steps=20", "train.patience=2", "train.refit=true"],
    "a mean": ["model.name=mean"],
}
RANKED = ("auc", "recall", "ndcg", "hit", "precision", "map", "mrr")


class PerUser(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rows = support.random_rows(60, 40, 900)
        support.write_rows(cls.dir / "d.csv", cls.rows)
        support.write_config(cls.dir / "config.json", data="d.csv", split={"test": 0.2, "valid": 0.1})

    def figures(self, run):
        with np.load(self.dir / run / "per_user.npz", allow_pickle=False) as file:
            return {name: file[name] for name in file.files}

    def assert_means_are_the_metrics(self, run):
        figures, test = self.figures(run), self.json(f"{run}/metrics.json")["test"]
        users = figures["user"]
        self.assertEqual(users.dtype, np.int32)
        self.assertTrue((np.diff(users) > 0).all())
        judged = 0
        if "rmse" in test:
            count = figures["count"].sum()
            self.assertEqual(count, test["interactions"])
            self.assertAlmostEqual(math.sqrt(figures["squared_error"].sum() / count), test["rmse"], delta=1e-6)
            self.assertAlmostEqual(figures["absolute_error"].sum() / count, test["mae"], delta=1e-6)
            judged += 1
        else:
            self.assertFalse({"count", "squared_error", "absolute_error"} & figures.keys())
        for name, value in test.items():
            if name.split("@")[0] in RANKED:
                self.assertAlmostEqual(np.nanmean(figures[name].astype(float)), value, delta=1e-6, msg=name)
                self.assertEqual(figures[name].shape, users.shape)
                judged += 1
        self.assertGreater(judged, 0)

    def test_means_over_users_are_the_metrics(self):
        for name, sets in CASES.items():
            with self.subTest(name):
                self.train(name, *sets)
                self.assert_means_are_the_metrics(name)

    def test_errors_of_a_user_are_those_of_the_predictions(self):
        self.train("predicted", *CASES["ratings"])
        self.latent("evaluate", "predicted", "--predictions", "p.csv")
        lines = [line.split(",") for line in (self.dir / "p.csv").read_text().splitlines()[1:]]
        order = list(dict.fromkeys(user for user, *_ in self.rows))
        figures = self.figures("predicted")
        for row, user in enumerate(figures["user"]):
            errors = [float(p) - float(r) for name, _, r, p in lines if name == order[user]]
            self.assertEqual(len(errors), figures["count"][row])
            self.assertAlmostEqual(sum(e * e for e in errors), figures["squared_error"][row], places=5)
            self.assertAlmostEqual(sum(map(abs, errors)), figures["absolute_error"][row], places=5)

    def test_users_without_a_relevant_row_have_errors_but_no_ranking(self):
        self.train("some", *CASES["both"])
        figures = self.figures("some")
        unranked = np.isnan(figures["ndcg@10"])
        self.assertTrue(unranked.any() and not unranked.all())
        self.assertTrue((figures["count"] > 0).all())

    def test_the_file_is_there_when_asked_for_and_tested_alone(self):
        self.train("off", "eval.per_user=false", *CASES["ratings"])
        self.assertFalse((self.dir / "off/per_user.npz").exists())
        self.latent("train", "--resume", "off", "--set", "eval.per_user=true")
        self.assert_means_are_the_metrics("off")
        self.latent("train", "--resume", "off", "--set", "eval.per_user=false")
        self.assertFalse((self.dir / "off/per_user.npz").exists())
        self.train("untested", "split.test=0", *CASES["ratings"])
        self.assertFalse((self.dir / "untested/per_user.npz").exists())

    def test_a_resumed_run_has_the_file_of_one_that_ran_through(self):
        self.train("through", *CASES["both"])
        self.train("short", *CASES["both"], "train.steps=4")
        self.latent("train", "--resume", "short", "--set", "train.steps=10")
        self.assertEqual((self.dir / "short/per_user.npz").read_bytes(), (self.dir / "through/per_user.npz").read_bytes())

    def test_evaluating_a_run_leaves_the_file_alone(self):
        self.train("judged", *CASES["ratings"])
        before = (self.dir / "judged/per_user.npz").stat().st_mtime_ns
        self.latent("evaluate", "judged")
        self.assertEqual((self.dir / "judged/per_user.npz").stat().st_mtime_ns, before)

    def test_the_winners_of_a_sweep_have_it(self):
        support.write_config(self.dir / "sweep.json", data="d.csv", split={"test": 0.2, "valid": 0.1}, model={"factors": 2},
                             train={"steps": 5}, sweep={"over": {"train.lr": [0.1, 0.01]}, "search": "grid", "seeds": 2})
        self.latent("sweep", "sweep.json", "--run-dir", "tuned")
        for run in ("tuned/winner", "tuned/winner-seed1"):
            self.assert_means_are_the_metrics(run)
            self.assertGreater(self.json(f"{run}/metrics.json")["train"]["parameters"], 0)

    def test_metrics_json_says_what_the_model_takes(self):
        self.train("costs", *CASES["ratings"])
        train = self.json("costs/metrics.json")["train"]
        self.assertEqual(train["parameters"], 1 + (60 + 40) * (1 + 3))
        self.assertTrue(1e6 < train["peak_memory_bytes"] < 1e11, train)
        self.assertTrue(0 < train["list_milliseconds"] < 1000, train)


if __name__ == "__main__":
    support.main()
