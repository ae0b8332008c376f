"""model.init_from: a model for new data starts with the rows of an earlier one, by id."""

import json
import shutil

import numpy as np

import support

# Steps that move nothing: what a run comes to is what it started from.
STILL = {
    "latent_factor": ["train.optimizer=sgd", "train.lr=1e-30", "train.steps=1", "train.lambda=0"],
    "bias_only": ["train.optimizer=sgd", "train.lr=1e-30", "train.steps=1", "train.lambda=0"],
    "bpr": ["train.optimizer=sgd", "train.lr=1e-30", "train.steps=1", "train.lambda=0"],
    "svd": ["train.lr=1e-30", "train.epochs=1"],
    "implicit_bpr": ["train.lr=1e-30", "train.epochs=1"],
}


class WarmStart(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        old = support.random_rows(40, 30, 600)
        # Later: users 0 to 4 and items 0 to 2 are gone, eight users and six items are new, in another order.
        later = [(u, i, r) for u, i, r in support.random_rows(48, 36, 900, seed=3)
                 if u not in {f"u{n}" for n in range(5)} and i not in {f"i{n}" for n in range(3)}]
        support.write_rows(cls.dir / "old.csv", old)
        support.write_rows(cls.dir / "new.csv", later)
        support.write_config(cls.dir / "config.json", data="old.csv", split={"test": 0}, train={"threads": 1})
        for name in [*STILL, "ials", "baseline"]:
            support.Case.train(cls(), f"old-{name}", f"model.name={name}", *support.factors(name, 4), *cls.short(name))

    @staticmethod
    def short(name):
        return ["train.steps=30", "train.batch_size=100"] if name in ("latent_factor", "bias_only", "bpr") else ["train.epochs=3"]

    def start(self, run, name, *sets):
        return self.train(run, f"model.name={name}", *support.factors(name, 4), "data.path=new.csv", *STILL.get(name, []), *sets,
                          flags=["--overwrite"])

    def rows_by_id(self, run):
        """{table: {id: row}} and alpha"""
        model = support.load_model(self.dir / run / "model.pt")
        tables = {name: table.detach().numpy() for name, table in model.named_parameters()}
        alpha = tables.pop("alpha", None)
        ids = {"user": model.user_ids, "item": model.item_ids}
        return {name: dict(zip(ids[name[-4:]], table)) for name, table in tables.items()}, alpha

    def test_known_ids_take_their_rows_and_new_ones_those_of_a_fresh_start(self):
        for name in STILL:
            with self.subTest(name):
                done = self.start("warm", name, f"model.init_from=old-{name}")
                self.start("fresh", name)
                (warm, mean), (fresh, _), (old, old_mean) = (self.rows_by_id(run) for run in ("warm", "fresh", f"old-{name}"))
                taken = {"user": 0, "item": 0}
                for table, rows in warm.items():
                    for key, row in rows.items():
                        source = old if key in old[table] else fresh
                        np.testing.assert_allclose(row, source[table][key], rtol=0, atol=1e-25, err_msg=f"{table} of {key}")
                    taken[table[-4:]] = sum(key in old[table] for key in rows)
                    self.assertLess(0, taken[table[-4:]])
                    self.assertLess(taken[table[-4:]], len(rows))
                if mean is not None:
                    self.assertEqual(mean, old_mean)
                items = warm["beta_item"]
                self.assertRegex(done.stderr, rf"(?m)^took \d+ of \d+ users and {taken['item']} of {len(items)} items from old-{name}; others start fresh$")

    def test_a_model_file_serves_as_its_run_does(self):
        self.start("of-run", "bpr", "model.init_from=old-bpr")
        self.start("of-file", "bpr", "model.init_from=old-bpr/model.pt")
        self.assert_same_tensors(*(support.model_tables(self.dir / run / "model.pt") for run in ("of-run", "of-file")))

    def test_on_the_same_data_als_goes_on_where_it_stood(self):
        more = ["model.name=ials", "model.factors=4"]
        self.train("longer", *more, "train.epochs=5")
        self.train("further", *more, "train.epochs=2", "model.init_from=old-ials")
        self.assert_same_tensors(*(support.model_tables(self.dir / run / "model.pt") for run in ("longer", "further")))

    def test_baseline_keeps_the_mean_of_its_own_rows(self):
        self.start("warm", "baseline", "model.init_from=old-baseline")
        self.start("fresh", "baseline")
        self.assertEqual(self.rows_by_id("warm")[1], self.rows_by_id("fresh")[1])
        self.assertNotEqual(self.rows_by_id("warm")[1], self.rows_by_id("old-baseline")[1])

    def test_models_of_the_same_tables_start_each_other(self):
        self.start("warm", "svd", "model.init_from=old-latent_factor")
        self.assertEqual(self.rows_by_id("warm")[1], self.rows_by_id("old-latent_factor")[1])

    def test_training_goes_on_from_there(self):
        self.train("trained", "model.name=latent_factor", "model.factors=4", "data.path=new.csv", "train.steps=20", "train.batch_size=100",
                   "model.init_from=old-latent_factor")
        old, new = (self.rows_by_id(run)[0]["gamma_user"] for run in ("old-latent_factor", "trained"))
        self.assertFalse(np.array_equal(old["u7"], new["u7"]))

    def test_a_resumed_run_needs_the_earlier_model_no_more(self):
        shutil.copytree(self.dir / "old-bpr", self.dir / "passing")
        self.start("kept", "bpr", "model.init_from=passing")
        shutil.rmtree(self.dir / "passing")
        self.latent("train", "--resume", "kept", "--set", "train.steps=2")
        self.latent("evaluate", "kept")

    def refuse(self, name, *sets):
        return self.complaint("train", "config.json", "--run-dir", "refused", *support.set_options(
            [f"model.name={name}", *support.factors(name, 4), "data.path=new.csv", *STILL.get(name, []), *sets]))

    def test_other_factors_or_tables_are_one_line(self):
        self.assertRegex(self.refuse("bpr", "model.factors=5", "model.init_from=old-bpr"),
                         r"^old-bpr/model\.pt: has 4 factors, and model\.factors is 5; set model\.factors to 4")
        self.assertRegex(self.refuse("bpr", "model.init_from=old-latent_factor"),
                         r"^old-latent_factor/model\.pt: has the tables alpha, .*, and bpr has beta_item, gamma_user, gamma_item; give")
        self.assertRegex(self.refuse("latent_factor", "model.init_from=old-ials"), r"has the tables gamma_user, gamma_item, and")
        self.assertFalse((self.dir / "refused").exists())

    def test_a_model_that_shares_no_id_is_one_line(self):
        support.write_rows(self.dir / "others.csv", [(f"x{u}", f"y{i}", r) for u, i, r in support.random_rows(20, 20, 200)])
        self.assertRegex(self.refuse("bpr", "data.path=others.csv", "model.init_from=old-bpr"),
                         r"^old-bpr/model\.pt: has no user and no item of others\.csv")

    def test_what_is_no_model_is_one_line(self):
        shutil.copytree(self.dir / "old-bpr", self.dir / "unexported")
        (self.dir / "unexported/model.pt").unlink()
        self.assertRegex(self.refuse("bpr", "model.init_from=unexported"),
                         r"^unexported: has no model\.pt; write it with: latent export unexported -o unexported/model\.pt")
        self.assertRegex(self.refuse("bpr", "model.init_from=nowhere"), r"^nowhere: cannot open: No such file")
        self.assertRegex(self.refuse("bpr", "model.init_from=old.csv"), r"^old\.csv: not a model exported by latent")
        self.assertRegex(self.refuse("bpr", "model.init_from=old-bpr", "model.init_path=old.csv"), r"both given; keep one")
        self.assertRegex(self.refuse("mean", "model.init_from=old-bpr"), r"not read by mean, which is not trained")



class Leaks(support.Case):
    """A warm start that has seen rows of the test part is labelled, whatever it comes from."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        rows = support.random_rows(40, 30, 600)
        support.write_rows(cls.dir / "d.csv", rows)
        support.write_rows(cls.dir / "grown.csv", rows + [("u1", f"new{n}", 3) for n in range(20)])
        support.write_config(cls.dir / "config.json", data="d.csv", split={"test": 0.2, "valid": 0.1},
                             model={"name": "svd", "factors": 3}, train={"epochs": 2})
        support.Case.train(cls(), "old")
        support.Case.train(cls(), "all", "export.fit=all")
        for run in ("old", "all"):
            support.Case.latent(cls(), "export", run, "-o", f"{run}.npz")

    def leaked(self, *sets, run="warm"):
        self.train(run, *sets, flags=["--overwrite"])
        labels = [self.json(f"{run}/metrics.json")["test"].get("leaked", False)]
        for source in (run, f"{run}/model.pt"):
            labels.append(json.loads(self.latent("evaluate", source, "--json").stdout)["test"].get("leaked", False))
        self.assertEqual(len(set(labels)), 1, labels)
        return labels[0]

    def test_the_same_split_is_clean(self):
        for start in ("init_path=old.npz", "init_from=old", "init_from=old/model.pt"):
            self.assertFalse(self.leaked(f"model.{start}"), start)

    def test_another_split_or_a_fit_on_all_rows_is_labelled(self):
        for start in ("init_path=old.npz", "init_from=old", "init_from=old/model.pt"):
            self.assertTrue(self.leaked(f"model.{start}", "split.seed=1"), start)
        for start in ("init_path=all.npz", "init_from=all"):
            self.assertTrue(self.leaked(f"model.{start}"), start)

    def test_a_later_file_with_the_old_rows_in_its_test_part_is_labelled(self):
        self.assertTrue(self.leaked("model.init_from=old", "data.path=grown.csv"))

    def test_a_test_file_of_new_rows_alone_is_clean(self):
        support.write_rows(self.dir / "test.csv", [("u1", f"new{n}", 3) for n in range(20)])
        self.assertFalse(self.leaked("model.init_from=old", "split.kind=files", "data.test_path=test.csv", "split.test=0.1"))

    def test_the_label_goes_on_from_start_to_start(self):
        self.assertTrue(self.leaked("model.init_from=old", "split.seed=1", run="second"))
        self.latent("export", "second", "-o", "second.npz")
        for start in ("init_from=second", "init_path=second.npz"):
            self.assertTrue(self.leaked(f"model.{start}", "split.seed=1"), start)

    def test_a_resumed_run_keeps_it(self):
        self.leaked("model.init_from=old", "split.seed=1", run="cut")
        (self.dir / "cut/metrics.json").unlink()
        self.latent("train", "--resume", "cut")
        self.assertTrue(self.json("cut/metrics.json")["test"]["leaked"])

    def test_a_file_that_says_nothing_is_noted(self):
        with np.load(self.dir / "old.npz") as file:
            np.savez(self.dir / "plain.npz", **{name: file[name] for name in file.files if name != "trained_on"})
        done = self.train("plain", "model.init_path=plain.npz")
        self.assertIn("plain.npz: does not say which rows it was trained on", done.stderr)


if __name__ == "__main__":
    support.main()
