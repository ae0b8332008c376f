"""export.fit = all: one more fit, on all rows, after the honest test. And runs that did not come to their end."""

import json

import numpy as np
import support
from films import AT_ONCE, MODELS, ratings_of_films


class FitOnAll(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        rows = ratings_of_films(5)
        (cls.dir / "ratings.csv").write_text(support.csv_text(rows, "userId,movieId,rating,timestamp"))
        cls.count = len(rows)
        support.write_config(cls.dir / "c.json", data="ratings.csv", split={"test": 0.2, "valid": 0.1})

    def tables(self, path):
        import torch

        return {name: value.numpy() for name, value in torch.jit.load(str(self.dir / path)).named_parameters()}

    def test_metrics_are_of_the_tested_fit(self):
        for name, knobs in MODELS.items():
            with self.subTest(name):
                knobs = [f"model.name={name}", *knobs]
                told = self.train(f"{name}-t", *knobs, config="c.json")
                self.assertIn("model.pt holds the fit that was tested", told.stderr.splitlines()[-1])
                told = self.train(f"{name}-a", *knobs, "export.fit=all", config="c.json")
                self.assertIn(f"model.pt holds a later fit on all {self.count} rows", told.stderr.splitlines()[-1])
                tested, everything = (self.json(f"{name}-{kind}/metrics.json") for kind in "ta")
                self.assertEqual(tested["test"], everything["test"])
                self.assertNotIn("export", tested)
                self.assertEqual((everything["export"]["fit"], everything["export"]["rows"]), ("all", self.count))
                again = json.loads(self.latent("evaluate", f"{name}-a", "--json").stdout)
                self.assertEqual(again["test"], tested["test"])

    def test_its_tables_are_those_of_a_run_on_all_rows(self):
        for name, knobs in MODELS.items():
            if name in AT_ONCE:
                continue
            with self.subTest(name):
                knobs = [f"model.name={name}", "train.threads=1", *knobs]
                steps = [knob for knob in knobs if knob.startswith("train.steps")]
                self.train(f"{name}-l", *knobs, "export.fit=all", config="c.json")
                last = self.json(f"{name}-l/metrics.json")["export"]["steps"]
                whole = [f"train.steps={last}"] if steps else []
                self.train(f"{name}-w", *(k for k in knobs if k not in steps), *whole, "split.test=0", "split.valid=0",
                           config="c.json")
                later, one = self.tables(f"{name}-l/model.pt"), self.tables(f"{name}-w/model.pt")
                for table, values in one.items():
                    self.assertEqual(later[table].shape, values.shape)
                    if name in ("ials", "baseline"):  # whatever the order of the rows
                        np.testing.assert_allclose(later[table], values, rtol=1e-3, atol=1e-5)
                if not steps:
                    self.assertEqual(last, int(next(k for k in knobs if "epochs" in k).split("=")[1]))

    def test_early_stopping_chooses_its_passes(self):
        self.train("early", "model.name=svd", "model.factors=3", "train.epochs=30", "train.lr=0.05", "train.patience=2",
                   "export.fit=all", config="c.json")
        metrics = self.json("early/metrics.json")
        self.assertEqual(metrics["export"]["steps"], metrics["train"]["best_step"])

    def test_a_killed_one_goes_on(self):
        knobs = ["model.name=svd", "model.factors=3", "train.epochs=6", "train.threads=1", "export.fit=all", "checkpoint.every=1"]
        self.train("whole", *knobs, config="c.json")
        self.train("cut", *knobs, config="c.json")
        final = sorted((self.dir / "cut/checkpoints/final").glob("*.ckpt"))
        self.assertEqual(len(final), 2)
        final[-1].unlink()
        (self.dir / "cut/model.pt").unlink()
        (self.dir / "cut/metrics.json").unlink()
        self.latent("train", "--resume", "cut")
        self.assert_same_tensors(self.tables("whole/model.pt"), self.tables("cut/model.pt"))
        steps = lambda run: [(line["step"], "final" in line) for line in self.log(run)]
        self.assertEqual(steps("cut"), steps("whole"))

    def test_an_interrupted_run_is_said_to_be_so(self):
        knobs = ["model.name=svd", "model.factors=3", "train.epochs=4", "export.fit=all", "checkpoint.every=1"]
        self.train("done", *knobs, config="c.json")
        uses = [["evaluate", "done"], ["export", "done", "-o", "x.pt"], ["recommend", "done", "--user", "1"],
                ["similar", "done", "--item", "1"], ["predict", "done", "1", "1"], ["find", "done", "1"]]
        for words in uses:
            self.assertNotIn("not finished", self.latent(*words).stderr)
        (self.dir / "done/metrics.json").rename(self.dir / "metrics.json")
        for words in uses:
            self.assertIn("done: this run is not finished (its newest checkpoint is of step 4); go on with: latent train --resume done",
                          self.latent(*words).stderr)
        # What was exported from it says so too.
        self.latent("export", "done", "-o", "cut.pt")
        self.assertIn("cut.pt: exported from a run that was not finished, at step 4", self.latent("recommend", "cut.pt", "--user", "1").stderr)
        # A finished run that has gone on since.
        (self.dir / "metrics.json").rename(self.dir / "done/metrics.json")
        folder = self.dir / "done/checkpoints"
        (folder / "step-000000000004.ckpt").rename(folder / "step-000000000005.ckpt")
        self.assertIn("not finished", self.latent("recommend", "done", "--user", "1").stderr)

    def test_export_writes_it_again(self):
        self.train("svd", "model.name=svd", "model.factors=3", "train.epochs=2", "export.fit=all", config="c.json")
        self.latent("export", "svd", "-o", "again.pt")
        self.assert_same_tensors(self.tables("svd/model.pt"), self.tables("again.pt"))

    def test_evaluating_its_file_on_its_own_data_is_labelled(self):
        self.train("leak", "model.name=ials", "model.factors=3", "train.epochs=2", "export.fit=all", config="c.json")
        told = json.loads(self.latent("evaluate", "leak/model.pt", "--json").stdout)
        self.assertTrue(told["test"]["leaked"])
        self.assertEqual((told["test"]["cold_users"], told["test"]["cold_items"]), (0, 0))


if __name__ == "__main__":
    support.main()
