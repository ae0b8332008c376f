"""Configs that share and compare: includes, variables of the environment, the schema, config diff."""

import importlib.util
import json
import os
import unittest

import support

HAS_JSONSCHEMA = importlib.util.find_spec("jsonschema") is not None


class Included(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        support.write_rows(cls.dir / "d.csv", support.random_rows(20, 10, 100))
        (cls.dir / "shared").mkdir()
        support.write_config(cls.dir / "shared/base.json", include="data.json", train={"lr": 0.05, "steps": 4}, model={"factors": 3})
        support.write_config(cls.dir / "shared/data.json", data="d.csv", ials={"alpha0": 0.2})
        support.write_config(cls.dir / "c.json", **{"$schema": "s.json", "include": ["shared/base.json"], "train": {"lr": 0.03}})

    def test_show_names_the_file_that_each_value_comes_from(self):
        done = self.latent("config", "show", "c.json", "--set", "train.seed=2")
        rows = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines()}
        self.assertEqual(rows["data.path"], ['"d.csv"', "include", "shared/data.json:3"])
        self.assertEqual(rows["model.factors"], ["3", "include", "shared/base.json:8"])
        self.assertEqual(rows["train.lr"], ["0.03", "file", "c.json:7"])
        self.assertEqual(rows["train.seed"], ["2", "--set"])
        self.assertEqual(rows["train.epochs"], ["0", "default"])

    def test_a_run_keeps_the_values_and_names_the_files(self):
        self.train("run", config="c.json")
        config = self.json("run/config.json")
        self.assertEqual((config["train"]["lr"], config["train"]["steps"], config["model"]["factors"]), (0.03, 4, 3))
        self.assertEqual(config["provenance"]["includes"], ["shared/data.json", "shared/base.json"])
        self.assertNotIn("include", config)
        self.latent("train", "--resume", "run", "--set", "train.steps=5")
        self.assertEqual(self.json("run/config.json")["provenance"]["includes"], ["shared/data.json", "shared/base.json"])
        self.latent("train", "c.json", "--resume", "run", "--set", "train.steps=6")
        self.latent("evaluate", "run/model.pt")
        support.write_config(self.dir / "plain.json", data="d.csv", train={"steps": 1})
        self.train("plain", config="plain.json")
        self.assertNotIn("includes", self.json("plain/config.json")["provenance"])

    def test_what_is_wrong_is_one_line_that_names_its_file(self):
        support.write_config(self.dir / "one.json", include="two.json")
        support.write_config(self.dir / "two.json", include="one.json")
        circle = "two.json:2: 'include' goes in a circle: one.json -> two.json -> one.json; take one of them out"
        support.write_config(self.dir / "gone.json", include="shared/none.json")
        gone = "gone.json:2: 'include': shared/none.json: cannot open: No such file or directory"
        for words in (["config", "check"], ["config", "show"], ["train"]):
            self.assertEqual(self.complaint(*words, "one.json"), circle)
            self.assertEqual(self.complaint(*words, "gone.json"), gone)

    def test_knobs_of_an_included_file_may_be_for_other_models(self):
        self.latent("config", "check", "c.json")  # ials.alpha0 is there, latent_factor is trained
        self.assertRegex(self.complaint("config", "check", "c.json", "--set", "ials.alpha0=0.3"), "^ials.alpha0 is not read by latent_factor")


class Variables(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        support.write_rows(cls.dir / "d.csv", support.random_rows(20, 10, 100))
        support.write_config(cls.dir / "c.json", data="${LATENT_T_DATA:-.}/d.csv", train={"steps": "${LATENT_T_STEPS}"})
        os.environ.pop("LATENT_T_DATA", None)
        os.environ["LATENT_T_STEPS"] = "3"
        cls.addClassCleanup(os.environ.pop, "LATENT_T_STEPS", None)

    def test_a_run_holds_what_they_were(self):
        self.train("run", "train.seed=${LATENT_T_STEPS}", config="c.json")
        config = self.json("run/config.json")
        self.assertEqual((config["data"]["path"], config["train"]["steps"], config["train"]["seed"]), ("./d.csv", 3, 3))
        os.environ["LATENT_T_STEPS"] = "99"
        self.addCleanup(os.environ.__setitem__, "LATENT_T_STEPS", "3")
        self.latent("evaluate", "run")

    def test_one_that_is_not_set_is_a_line_with_knob_file_and_variable(self):
        del os.environ["LATENT_T_STEPS"]
        self.addCleanup(os.environ.__setitem__, "LATENT_T_STEPS", "3")
        said = "uses ${LATENT_T_STEPS}, which is not set; set the variable, or write ${LATENT_T_STEPS:-default}"
        self.assertEqual(self.complaint("config", "check", "c.json"), "c.json:6: 'train.steps' " + said)
        self.assertEqual(self.complaint("config", "show", "--set", "data.path=${LATENT_T_STEPS}"), "--set: 'data.path' " + said)

    def test_show_json_reads_back_where_a_value_looks_like_one(self):
        text = self.latent("config", "show", "--json", "--set", "data.path=a$${B}", "--set", "data.where=[\"x=$${Y}\"]").stdout
        self.assertIn('"a$${B}"', text)
        (self.dir / "again.json").write_text(text)
        self.assertEqual(self.latent("config", "show", "again.json", "--json").stdout, text)


class Schema(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.schema = json.loads(support.Case.latent(cls(), "config", "schema").stdout)

    def valid(self, config):
        import jsonschema
        return jsonschema.Draft202012Validator(self.schema).is_valid(config)

    def config_of(self, path):
        """A config file's values, without its comments."""
        lines = path.read_text(encoding="utf-8").splitlines()
        return json.loads("\n".join(line for line in lines if not line.lstrip().startswith("//")))

    def test_is_one_of_the_draft_that_it_names(self):
        self.assertEqual(self.schema["$schema"], "https://json-schema.org/draft/2020-12/schema")
        if HAS_JSONSCHEMA:
            import jsonschema
            jsonschema.Draft202012Validator.check_schema(self.schema)

    @unittest.skipUnless(HAS_JSONSCHEMA, "no jsonschema in this Python")
    def test_every_config_of_the_repository_is_valid_and_so_is_a_runs(self):
        paths = sorted(support.ROOT.glob("configs/**/*.json"))
        self.assertGreater(len(paths), 5)
        for path in paths:
            self.assertTrue(self.valid(self.config_of(path)), path)
        support.write_rows(self.dir / "d.csv", support.random_rows(20, 10, 100))
        support.write_config(self.dir / "c.json", data="d.csv", train={"steps": 2})
        self.train("run", config="c.json")
        self.assertTrue(self.valid(self.json("run/config.json")))

    @unittest.skipUnless(HAS_JSONSCHEMA, "no jsonschema in this Python")
    def test_it_accepts_and_refuses_what_reading_does(self):
        good = [
            {}, {"$schema": "s.json"}, {"train.lr": 0.5}, {"data": {"titles.path": "t"}}, {"train": {}}, {"train": {"steps": 1e3}},
            {"train": {"lr": "${LR:-1}"}}, {"eval": {"k": 5}}, {"eval": {"k": [5, "${K:-10}"]}}, {"data": {"user": 0, "header": True}},
            {"data": {"missing": 99}}, {"data": {"rating_map": {"buy": 5}}}, {"data": {"rating_map": None, "where": None}},
            {"data": {"where": "a=b"}}, {"train": {"device": "cuda:1"}}, {"train": {"lambda_factors": None}}, {"include": []},
        ]
        bad = [
            {"train": {"lamda": 1}}, {"trian": {}}, {"model": {"lr": 1}}, {"train.lamda": 1}, {"train": {"lr": "fast"}}, {"train": {"lr": 0}},
            {"train": {"steps": 2.5}}, {"train": {"refit": 1}}, {"model": {"name": "svm"}}, {"model": {"factors": 0}}, {"split": {"test": 1}},
            {"eval": {"k": []}}, {"eval": {"k": [0]}}, {"eval": {"k": None}}, {"data": {"path": 5}}, {"data": {"path": None}},
            {"data": {"rating_map": {"buy": "much"}}}, {"data": {"where": ["=b"]}}, {"train": {"device": "gpu"}}, {"train": 5}, {"include": 5},
            {"data": {"user": -1}}, {"data": {"rating_scale": 5}},
        ]
        for config in good:
            with self.subTest(config):
                self.assertTrue(self.valid(config))
                (self.dir / "t.json").write_text(json.dumps(config))
                self.latent("config", "show", "t.json")
        for config in bad:
            with self.subTest(config):
                self.assertFalse(self.valid(config))
                (self.dir / "t.json").write_text(json.dumps(config))
                self.latent("config", "show", "t.json", code=1)
        self.assertTrue(self.valid({"include": ["a.json", "b.json"]}))
        self.assertTrue(self.valid({"sweep": {"anything": [1]}}))

    @unittest.skipUnless(HAS_JSONSCHEMA, "no jsonschema in this Python")
    def test_every_default_is_valid(self):
        shown = json.loads(self.latent("config", "show", "--json").stdout)
        self.assertTrue(self.valid(shown))


class Diff(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        support.write_rows(cls.dir / "d.csv", support.random_rows(20, 10, 100))
        support.write_config(cls.dir / "a.json", data="d.csv", train={"lr": 0.05, "steps": 2}, model={"factors": 3})
        support.write_config(cls.dir / "b.json", data="d.csv", train={"lr": 0.07, "epochs": 1}, model={"factors": 3})
        support.write_config(cls.dir / "svd.json", data="d.csv", model={"name": "svd"})
        support.Case.train(cls(), "run", config="a.json")

    def test_has_a_line_for_each_knob_that_differs_and_exits_as_diff_does(self):
        done = self.latent("config", "diff", "a.json", "b.json", code=1)
        self.assertEqual(done.stdout, "train.lr      0.05  0.07\ntrain.steps   2     0\ntrain.epochs  0     1\n")
        self.assertEqual(done.stderr, "")
        same = self.latent("config", "diff", "a.json", "a.json")
        self.assertEqual((same.stdout, same.stderr), ("", ""))

    def test_takes_runs_and_counts_the_models_own_defaults(self):
        self.assertEqual(self.latent("config", "diff", "run", "a.json").stdout, "")
        self.assertEqual(self.latent("config", "diff", "run/config.json", "run/").stdout, "")
        rows = json.loads(self.latent("config", "diff", "run", "svd.json", "--json", code=1).stdout)
        self.assertIn({"knob": "model.factors", "a": 3, "b": 100}, rows)
        self.assertIn({"knob": "model.name", "a": "latent_factor", "b": "svd"}, rows)
        self.assertEqual(json.loads(self.latent("config", "diff", "run", "run", "--json").stdout), [])

    def test_what_cannot_be_compared_exits_2_with_one_line(self):
        (self.dir / "bad.json").write_text('{"train": {"lr": -1}}')
        for words, told in [(["a.json", "none.json"], "none.json: cannot open"), (["bad.json", "a.json"], "bad.json:1: 'train.lr' must be"),
                            (["a.json"], "two configs or runs"),
                            ([".", "a.json"], ".: not a run of latent"), (["a.json", "x" * 300], "cannot open: File name too long"), (["a.json", "b.json", "svd.json"], "'svd.json'"),
                            (["a.json", "b.json", "--set", "train.lr=1"], "--set")]:
            with self.subTest(words):
                self.assertIn(told, self.complaint("config", "diff", *words, code=2))


if __name__ == "__main__":
    support.main()
