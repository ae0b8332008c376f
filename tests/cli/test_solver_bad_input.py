"""Bad input to the models that solvers train: one clear line, and nothing left behind."""

import unittest

import numpy as np
import torch

import support
from solver_case import ALL_ROWS, ITEMS, TRAIN, USERS, Small


class BadInput(Small):
    def refused(self, text, *words, code=1):
        """The complaint about a command line; nothing may stand there after it."""
        before = set(self.dir.rglob("*"))
        said = self.complaint(*words, code=code)
        self.assertRegex(said, text)
        self.assertEqual({path for path in self.dir.rglob("*") if "cache" not in path.parts} - before, set())

    def refuse(self, text, *sets):
        self.refused(text, "train", "config.json", "--run-dir", "bad", *support.set_options(sets))

    def test_a_rate_that_diverges(self):
        modes = {"svd": ["", "train.exact=true"], "implicit_bpr": ["train.threads=2", "train.exact=true"]}
        for sets in ([f"model.name={model}", *filter(None, [mode])] for model, of_model in modes.items() for mode in of_model):
            self.refuse(r"^(after )?epoch \d+: .* not finite.*; lower train\.lr \(now 1000\.0\)", *sets, "train.lr=1e3", "train.epochs=30")

    def test_users_with_every_item(self):
        support.write_rows(self.dir / "greedy.csv", [*TRAIN, *(("greedy", item, 1) for item in ITEMS)])
        for mode in ("train.threads=2", "train.exact=true"):
            self.fit("implicit_bpr", mode, "data.path=greedy.csv", *ALL_ROWS, "train.epochs=9")
            self.assertGreater(self.json("run/metrics.json")["train"]["skipped"], 0)
        support.write_rows(self.dir / "full.csv", [(user, item, 1) for user in "abc" for item in "xyz"])
        everything = ["data.path=full.csv", *ALL_ROWS, "train.epochs=3"]
        self.refuse(r"^every sample was skipped: .*verify_negative_samples = false", "model.name=implicit_bpr", *everything)
        self.fit("implicit_bpr", *everything, "implicit_bpr.verify_negative_samples=false")
        self.assertEqual(self.json("run/metrics.json")["train"]["skipped"], 0)

    def test_a_pass_in_which_chance_skips_every_sample(self):
        support.write_rows(self.dir / "few.csv", [("a", "x", 1), ("b", "y", 1)])
        for mode in ("train.threads=2", "train.exact=true"):
            self.fit("implicit_bpr", mode, "data.path=few.csv", *ALL_ROWS, "train.epochs=40")
            skipped = [line["skipped"] for line in self.log("run")]
            self.assertIn(1, skipped)
            self.assertLess(min(skipped), 1)
            self.assertEqual([line.get("train_auc", "none") == "none" for line in self.log("run")], [share == 1 for share in skipped])

    def test_indices_and_ids_outside_the_catalogue(self):
        for name in ("svd", "implicit_bpr"):
            self.fit(name, "train.epochs=2", run="served")
            model = support.load_model(self.dir / "served/model.pt")
            zero = torch.tensor([0])
            for user, item in ((len(USERS), len(ITEMS)), (-1, -1)):
                users, items = torch.tensor([user]), torch.tensor([item])
                for ask in (lambda: model(users, zero), lambda: model(zero, items), lambda: model.rank_items(users, zero),
                            lambda: model.rank_items(zero, items), lambda: model.similar_users(users, 3), lambda: model.similar_items(items, 3)):
                    with self.assertRaisesRegex((torch.jit.Error, RuntimeError), "RuntimeError: .*index out of range"):
                        ask()
        self.refused(r"^served/model\.pt: unknown item 'nothing'$", "rank", "served", "--user", "u1", "i1", "nothing")
        self.refused(r"^served/model\.pt: unknown user 'nobody'$", "rank", "served", "--user", "nobody", "i1")
        self.refused(r"^missing --user ID", "rank", "served", "i1", "i2", code=2)

    def test_knobs_out_of_range_or_that_do_not_go_together(self):
        self.refuse(r"^--set: 'model\.factors' must be from 1", "model.name=svd", "model.factors=0")
        self.refuse(r"^--set: 'data\.rating_scale' must be \[lowest, highest\], or null", "model.name=svd", "data.rating_scale=[5,1]")
        for model in ("ials", "latent_factor"):
            self.refuse(rf"^train\.exact is for svd, implicit_bpr and svdpp; leave it out for {model}$", f"model.name={model}", "train.exact=true")
        for model, device in (("svd", "cuda"), ("ials", "cuda:1")):
            self.refuse(rf"^train\.device = {device}, but {model} is trained on the CPU; use cpu or auto$", f"model.name={model}",
                        f"train.device={device}")
        for weight, *sets in (("rating", "model.name=ials"), ("bm25", "model.name=svd")):
            self.refuse(rf"^data\.weight = {weight} needs model\.name = ials with ials\.form = implicit", f"data.weight={weight}", *sets)
        # Without a penalty more factors than items have no solution of their own.
        for sets in ([], ["ials.form=implicit"]):
            self.refuse(r"raise ials\.reg \(now 0", "model.name=ials", "model.factors=64", "ials.reg=0", *sets)

    def test_folds_of_a_config_that_names_its_parts(self):
        text = (r"^--folds cuts data\.path itself; unset data\.test_path, data\.valid_path and split\.kind = files, or use --fold-files$")
        unset = ["split.kind=random", "data.test_path=", "model.name=mean"]
        for sets in ([], unset[1:], unset[:1], [*unset, "data.valid_path=test.csv"]):
            self.refused(text, "crossval", "config.json", "--folds", "3", *support.set_options(sets))
        self.latent("crossval", "config.json", "--folds", "3", *support.set_options(unset))
        self.latent("crossval", "config.json", "--fold-files", "train.csv,test.csv", "--set", "model.name=mean")

    def test_another_range_for_a_model_file(self):
        self.fit("svd", "train.epochs=2", run="ranged")
        self.refused(r"^ranged/model\.pt: a model file keeps the range", "evaluate", "ranged/model.pt", "--set", "data.rating_scale=[1,9]")
        told = [self.json_of("evaluate", "ranged", *support.set_options(sets))["test"]["mse"] for sets in ([], ["data.rating_scale=[2.5,2.6]"])]
        self.assertNotEqual(*told)  # a run takes another

    def test_a_confidence_beyond_floats_names_its_knob(self):
        self.refuse(r"lower ials\.alpha \(now 1e\+38\)", "model.name=ials", "ials.form=implicit", "ials.alpha=1e38", "data.weight=rating")


class Npz(Small):
    """Factors as implicit's load reads them, out and in again."""

    def setUp(self):
        self.fit("implicit_bpr", "train.epochs=3")
        self.latent("export", "run", "--format", "npz", "-o", "factors.npz")
        with np.load(self.dir / "factors.npz") as file:
            self.tables = dict(file)

    def refuse(self, text):
        said = self.complaint("train", "config.json", "--run-dir", "bad", "--set", "model.name=implicit_bpr", "--set", "model.init_path=broken.npz")
        self.assertRegex(said, text)
        self.assertFalse((self.dir / "bad").exists())

    def test_a_run_that_starts_from_them_stands_where_the_other_ended(self):
        self.fit("implicit_bpr", "train.epochs=1", "train.lr=1e-12", "model.init_path=factors.npz", run="again")
        self.latent("export", "again", "--format", "npz", "-o", "again.npz")
        with np.load(self.dir / "again.npz") as again:
            for name in ("user_factors", "item_factors"):
                np.testing.assert_allclose(again[name], self.tables[name], atol=1e-6)

    def test_that_implicit_itself_recommends_from(self):
        try:
            from implicit.cpu.bpr import BayesianPersonalizedRanking
            from scipy.sparse import csr_matrix
        except ImportError:
            self.skipTest("no implicit to load the factors with")
        theirs = BayesianPersonalizedRanking.load(str(self.dir / "factors.npz"))
        known = np.zeros((len(USERS), len(ITEMS)), np.float32)
        for user, item, _ in TRAIN:
            known[USERS.index(user), ITEMS.index(item)] = 1
        for user in (0, 7, 20):
            items, scores = theirs.recommend(user, csr_matrix(known)[user], N=5)
            ours = [line.split()[:2] for line in self.latent("recommend", "run", "--user", USERS[user], "-k", "5").stdout.splitlines()]
            self.assertEqual([item for _, item in ours], [ITEMS[item] for item in items])
            np.testing.assert_allclose([float(score) for score, _ in ours], scores, atol=1e-4)

    def test_a_file_cut_short(self):
        whole = (self.dir / "factors.npz").read_bytes()
        for size in (0, 10, len(whole) // 2, len(whole) - 1):
            (self.dir / "broken.npz").write_bytes(whole[:size])
            self.refuse(r"broken\.npz: ")

    def test_tables_of_other_shapes_or_none(self):
        for change in ({"user_factors": self.tables["user_factors"][1:]}, {"item_factors": self.tables["item_factors"][:, 1:]},
                       {"item_factors": None}):
            tables = {name: table for name, table in (self.tables | change).items() if table is not None}
            np.savez(self.dir / "broken.npz", **tables)
            self.refuse(r"broken\.npz: .*(user|item)_factors")

    def test_a_rating_model_without_one_of_its_tables(self):
        self.fit("svd", "train.epochs=2", run="whole")
        self.latent("export", "whole", "--format", "npz", "-o", "whole.npz")
        with np.load(self.dir / "whole.npz") as file:
            whole = dict(file)
        for name in ("alpha", "beta_user", "beta_item", "gamma_user", "gamma_item"):
            np.savez(self.dir / "broken.npz", **{other: table for other, table in whole.items() if other != name})
            said = self.complaint("train", "config.json", "--run-dir", "bad", "--set", "model.name=svd",
                                  "--set", "model.factors=4", "--set", "model.init_path=broken.npz")
            self.assertRegex(said, rf"^broken\.npz: has no array '{name}'; it has .*_ids")

    def test_tables_of_other_data(self):
        for name in ("user_ids", "item_ids"):
            np.savez(self.dir / "broken.npz", **self.tables | {name: self.tables[name][::-1]})
            self.refuse(rf"^broken\.npz: '{name}' are not those of this data, in this order; train on the data")

    def test_tables_of_every_other_model_that_has_some(self):
        for model in ("svd", "baseline", "ials"):
            ended = self.fit(model, "train.epochs=3", run=model)
            self.latent("export", model, "--format", "npz", "-o", f"{model}.npz")
            started = ["train.epochs=1", "train.lr=1e-30"] if model == "svd" else ["train.epochs=3"]
            again = self.fit(model, *started, f"model.init_path={model}.npz", run=f"{model}-again")
            if model == "svd":
                self.assert_same_tensors(again, ended)
            else:
                self.assertGreater(self.log(model)[0]["objective"], self.log(f"{model}-again")[0]["objective"])


if __name__ == "__main__":
    support.main()
