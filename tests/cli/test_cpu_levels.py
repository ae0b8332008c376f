"""Every instruction set gives the same answers: LATENT_CPU chooses the kernels' one (MovieLens 100k)."""

import os
import unittest

import support

LEVELS = ["baseline", "avx2", "avx512"]
MODELS = {
    "latent_factor": ["model.factors=11", "model.init_std=0.05", "train.steps=30", "train.batch_size=9000"],
    "bpr": ["model.factors=11", "model.init_std=0.05", "train.steps=30", "train.batch_size=9000"],
    "svd": ["model.factors=20", "train.epochs=5"],
    "ials": ["model.factors=24", "train.epochs=5"],
    "implicit_bpr": ["train.epochs=5"],
}
DATA = os.path.join(os.environ.get("LATENT_SHARED_DATA", ""), "ml-100k/u.data")


class CpuLevels(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        (cls.dir / "config.json").write_text("{}")

    def tearDown(self):
        os.environ.pop("LATENT_CPU", None)

    def offered(self):
        """The levels of this processor, as the complaint about a wrong one lists them."""
        os.environ["LATENT_CPU"] = "none"
        line = self.complaint("evaluate", "nothing")
        self.assertIn("LATENT_CPU = 'none': this processor's kernels are baseline", line)
        return [level for level in LEVELS if level in line.split(" are ")[1]]

    def figures(self, *arguments):
        import json

        return json.loads(self.latent(*arguments, "--json").stdout)["test"]

    def test_a_level_that_is_none_is_a_clear_error_before_anything_else(self):
        self.assertEqual(self.offered()[0], "baseline")

    @unittest.skipUnless(os.path.exists(DATA), "no MovieLens 100k here")
    def test_metrics_of_one_model_agree_to_a_millionth(self):
        levels = self.offered()
        for model, knobs in MODELS.items():
            with self.subTest(model=model):
                os.environ.pop("LATENT_CPU", None)
                self.train(model, f"data.path={DATA}", f"model.name={model}", "eval.metrics=all", *knobs)
                first = None
                for level in levels:
                    os.environ["LATENT_CPU"] = level
                    found = self.figures("evaluate", f"{model}/model.pt")
                    first = first or found
                    self.assertEqual(found.keys(), first.keys())
                    for name, value in found.items():
                        self.assertAlmostEqual(value, first[name], delta=1e-6, msg=f"{name} under {level}")

    @unittest.skipUnless(os.path.exists(DATA), "no MovieLens 100k here")
    def test_models_trained_under_each_agree_but_for_rounding(self):
        # Fused steps round once where separate ones round twice. A few passes carry that into the fifth digit of an
        # error; a rank that flips moves a ranking figure of 943 users by about a thousandth.
        for model, knobs in MODELS.items():
            first = None
            for level in self.offered():
                os.environ["LATENT_CPU"] = level
                self.train(f"{model}-{level}", f"data.path={DATA}", f"model.name={model}", *knobs)
                found = self.json(f"{model}-{level}/metrics.json")["test"]
                first = first or found
                judged = [name for name in ("rmse", "ndcg@10") if name in found]
                self.assertEqual(len(judged), 1, found)
                for name in judged:
                    self.assertAlmostEqual(found[name], first[name], delta=2e-3, msg=f"{model} {name} under {level}")


if __name__ == "__main__":
    support.main()
