"""What a config that names only its data and its model does."""

import support

STOPPED = ("latent_factor", "bias_only", "bpr", "svd", "mf")
FIXED = ("baseline", "ials", "bayesian_mf")


class Bare(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        support.write_rows(cls.dir / "d.csv", support.random_rows(60, 50, 1500))
        support.write_rows(cls.dir / "few.csv", support.random_rows(30, 20, 300))
        support.write_config(cls.dir / "config.json", data="d.csv")

    def knobs_of(self, run):
        config = self.json(f"{run}/config.json")
        return config["split"]["valid"], config["train"]["patience"] > 0, config["train"]["refit"]

    def test_a_validation_part_says_when_to_stop_and_is_trained_on_then(self):
        for model in STOPPED:
            with self.subTest(model):
                run = f"bare-{model}"
                self.train(run, f"model.name={model}")
                self.assertEqual(self.knobs_of(run), ("auto", True, True))
                metrics = self.json(f"{run}/metrics.json")
                self.assertEqual((metrics["valid"]["interactions"], metrics["test"]["interactions"]), (150, 150))
                self.assertGreater(metrics["train"]["refit_steps"], 0)
                self.latent("evaluate", run)

    def test_models_that_nothing_stops_train_on_all_rows_that_are_not_held_out(self):
        for model in FIXED:
            with self.subTest(model):
                self.train(f"fixed-{model}", f"model.name={model}")
                self.assertEqual(self.knobs_of(f"fixed-{model}"), ("auto", False, False))
                self.assertEqual(self.json(f"fixed-{model}/metrics.json")["valid"], {})

    def test_a_length_or_a_share_of_its_own_is_kept(self):
        for name, sets in {"epochs": ["train.epochs=2"], "steps": ["train.steps=2"], "none": ["split.valid=0"], "never": ["train.patience=0"]}.items():
            with self.subTest(name):
                self.train(name, *sets)
                self.assertEqual(self.knobs_of(name)[1:], (False, False))
                self.assertEqual(self.json(f"{name}/metrics.json")["valid"], {})
        self.train("share", "split.valid=0.2")
        self.assertEqual(self.knobs_of("share"), (0.2, True, True))
        self.assertEqual(self.json("share/metrics.json")["valid"]["interactions"], 300)

    def test_too_few_rows_have_no_validation_part_and_are_told_so(self):
        for model in STOPPED:
            with self.subTest(model):
                run = f"few-{model}"
                said = self.train(run, "data.path=few.csv", f"model.name={model}").stderr
                self.assertRegex(said, r"few\.csv: too few rows for a validation part \(split\.valid = auto\); trains for \d+ passes")
                self.assertEqual(self.knobs_of(run), ("auto", False, False))
                self.assertEqual(self.json(f"{run}/metrics.json")["valid"], {})
                self.latent("evaluate", run)

    def test_a_refit_makes_the_passes_that_were_chosen_where_batches_grow_with_the_rows(self):
        # 150,000 rows: a batch is a fiftieth of a pass, so that more rows take no more steps.
        support.write_rows(self.dir / "many.csv", support.random_rows(2000, 500, 150_000))
        self.train("many", "data.path=many.csv", "model.name=bias_only", "train.epochs=3", "train.patience=3", "train.refit=true")
        train = self.json("many/metrics.json")["train"]
        self.assertAlmostEqual(train["refit_steps"], train["best_step"], delta=1)

    def test_folds_are_refitted_as_trainings_are(self):
        sets = ["model.name=svd", "model.factors=3", "train.threads=1"]
        folds = self.latent("crossval", "config.json", "--folds", 3, "--json", *support.set_options(sets))
        self.assertNotIn("left out", folds.stderr)
        found = support.json.loads(folds.stdout)["folds"]
        for n in (1, 2, 3):
            self.train("fold", *sets, "split.kind=k_fold", "split.folds=3", f"split.fold={n}", flags=["--overwrite"])
            self.assertEqual(self.json("fold/metrics.json")["test"]["rmse"], found[n - 1]["rmse"])

    def test_no_refit_where_items_of_the_validation_part_stay_candidates(self):
        self.train("masked", "model.name=bpr", "eval.mask=train")
        self.assertEqual(self.knobs_of("masked"), ("auto", True, False))
        said = self.complaint("train", "config.json", "--run-dir", "bad", *support.set_options(["model.name=bpr", "eval.mask=train", "train.refit=true"]))
        self.assertRegex(said, r"^train\.refit trains on the validation part, whose items eval\.mask = train leaves among the candidates")

    def test_a_ranking_below_popularity_is_told(self):
        popular = [(f"u{u}", f"i{i}", 1) for u in range(60) for i in range(40) if u * 7 % (i + 1) < 2]
        support.write_rows(self.dir / "popular.csv", popular)
        sets = ["data.path=popular.csv", "split.valid=0.2", "train.epochs=1", "train.patience=1"]
        said = self.train("below", *sets, "model.name=bpr", "train.lr=1e-9").stderr
        self.assertRegex(said, r"valid: ndcg@10 0\.\d+ is below the 0\.\d+ of items ranked by popularity")
        self.assertNotIn("below", self.train("as-popular", *sets[:2], "model.name=popularity").stderr)


if __name__ == "__main__":
    support.main()
