"""Models of every kind that is exported, trained once on made-up ratings, for the tests of this folder."""

import json
import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "cli"))

import support  # noqa: E402  (tests/cli/support.py)

RATINGS = ["mean", "item_mean", "baseline", "latent_factor", "bias_only", "svd", "svdpp", "bayesian_mf"]
RANKINGS = ["bpr", "mf", "implicit_bpr", "ials", "elsa", "popularity"]
WITHOUT_FACTORS = ["mean", "item_mean", "baseline", "bias_only", "popularity"]
STRANGE = ["Анна", "张伟", "🙂📚", 'quo"te', "it's", "back\\slash", "a,b", " a b ", "é", "0", "-1", "%s{}"]


class Case(support.Case):
    """Trains a model when it is first asked for. All tests of a class share its folder."""

    @classmethod
    def setUpClass(cls):
        if not support.PROGRAM:
            raise cls.skipTest(cls(), "LATENT does not name the program")
        super().setUpClass()
        rename = {f"u{n}": name for n, name in enumerate(STRANGE)} | {f"i{n}": name + "!" for n, name in enumerate(STRANGE)}
        cls.rows = [(rename.get(u, u), rename.get(i, i), max(1, r)) for u, i, r in support.random_rows(40, 30, 450)]
        text = "".join(json.dumps({"user_id": u, "item_id": i, "rating": r}, ensure_ascii=False) + "\n" for u, i, r in cls.rows)
        (cls.dir / "d.json").write_text(text, encoding="utf-8")
        support.write_config(cls.dir / "config.json", data="d.json", split={"test": 0.15, "valid": 0.15})

    def model_file(self, kind):
        path = self.dir / kind / "model.pt"
        if path.exists():
            return path
        by_gradient = kind in ("latent_factor", "bias_only", "bpr")
        brief = ["train.steps=60", "train.batch_size=200", "train.lr=0.03"] if by_gradient else []
        if kind == "mf":
            brief = ["train.epochs=5", "train.batch_size=100", "train.negatives=10"]
        if kind == "bayesian_mf":
            brief = ["bayes.burn_in=4", "bayes.samples=4", "bayes.thin=1"]
        self.train(kind, f"model.name={kind}", *support.factors(kind, 4), *brief)
        return path

    def told(self, *words):
        """What the program answers, as JSON."""
        return json.loads(self.latent(*words, "--json").stdout)
