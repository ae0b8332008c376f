"""What config check has to say, and train with it: knobs that nobody reads, parts and files that are not there, all at once."""

import json

import support


class Check(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        support.write_rows(cls.dir / "d.csv", support.random_rows(20, 10, 100))
        support.write_config(cls.dir / "ials.json", data="d.csv", model={"name": "ials", "factors": 3}, train={"epochs": 2})
        support.Case.train(cls(), "run", config="ials.json")

    def said(self, *words):
        """The lines about a mistake, without the program's name."""
        done = self.latent(*words, code=1)
        self.assertEqual(done.stdout, "")
        for line in done.stderr.splitlines():
            self.assertTrue(line.startswith("latent: "), done.stderr)
        return [line.removeprefix("latent: ") for line in done.stderr.splitlines()]

    def test_all_complaints_come_at_once_and_train_has_the_same(self):
        (self.dir / "bad.json").write_text("""{
  "data": {"path": "none.csv", "titles": {"path": "titles.csv"}},
  "split": {"test": 0.5, "valid": 0.5},
  "model": {"name": "ials", "factors": "many"},
  "train": {"lambda": 1, "batch_size": 7, "refit": true, "lamda": 3}
}""")
        lines = self.said("config", "check", "bad.json", "--set", "train.exact=true")
        self.assertEqual(lines, [
            'bad.json:4: \'model.factors\' must be a whole number, not "many"',
            "bad.json:5: unknown key 'train.lamda'; did you mean 'train.lambda'?",
            "bad.json:5: train.lambda is not read by ials; its penalty is ials.reg",
            "bad.json:5: train.batch_size is not read by ials; it is for bias_only, latent_factor, bpr, mf and elsa",
            "train.exact is for svd, implicit_bpr and svdpp; leave it out for ials",
            "bad.json:5: train.refit needs train.patience: early stopping chooses the steps to repeat",
            "bad.json:3: split.test and split.valid together must be below 1",
            "none.csv: cannot open: No such file or directory",
            "titles.csv: cannot open: No such file or directory",
        ])
        self.assertEqual(self.said("train", "bad.json", "--run-dir", "none", "--set", "train.exact=true"), lines)
        self.assertFalse((self.dir / "none").exists())

    def test_one_complaint_is_one_line_wherever_a_config_is_read(self):
        unread = ["--set", "train.lambda=0.5"]
        expected = ["train.lambda is not read by ials; its penalty is ials.reg"]
        for words in (["config", "check", "ials.json"], ["train", "ials.json", "--run-dir", "none"], ["crossval", "ials.json"],
                      ["train", "--resume", "run"], ["evaluate", "run"], ["evaluate", "run/model.pt"]):
            with self.subTest(words):
                self.assertEqual(self.said(*words, *unread), expected)

    def test_a_runs_own_config_may_hold_every_knob(self):
        config = self.json("run/config.json")
        config["train"]["lambda"] = 0.5  # as an earlier version may have written it
        (self.dir / "run/config.json").write_text(json.dumps(config))
        self.assertEqual(self.latent("config", "check", "run/config.json").stdout, "run/config.json: valid\n")
        for source in ("run", "run/model.pt"):
            self.latent("evaluate", source)
        self.latent("train", "--resume", "run", "--set", "train.epochs=3")
        del config["provenance"]
        (self.dir / "mine.json").write_text(json.dumps(config, indent=1))
        self.assertRegex(self.complaint("config", "check", "mine.json"), r"^mine\.json:\d+: train\.lambda is not read by ials")

    def test_the_value_that_holds_anyway_may_be_given(self):
        for sets in (["train.lambda=1e-5", "train.batch_size=50000"], ["model.name=mean", "model.factors=5", "train.epochs=0"]):
            self.latent("config", "check", "ials.json", *support.set_options(sets))

    def test_patience_without_validation(self):
        text = "train.patience needs a validation part; set split.valid, or train.patience to 0"
        self.assertEqual(self.said("config", "check", "ials.json", "--set", "train.patience=2", "--set", "split.valid=0"), [text])
        self.latent("config", "check", "ials.json", "--set", "train.patience=2", "--set", "split.valid=0.1")


if __name__ == "__main__":
    support.main()
