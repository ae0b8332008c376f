"""`latent export --format triton`: what Triton's PyTorch backend would load and call, forward of each model.pt."""

import json
import shutil

import numpy as np

import support

KINDS = ["svd", "bpr", "implicit_bpr", "latent_factor", "bayesian_mf", "mean"]


class Triton(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        rows = support.random_rows(40, 30, 450)
        rows = [("Анна" if user == "u0" else user, item, rating) for user, item, rating in rows]
        rows += [("reader", item, 3) for item in sorted({row[1] for row in rows})[2:]]  # who has met all items but two
        support.write_rows(cls.dir / "d.csv", rows)
        (cls.dir / "test.csv").write_text("user_id,item_id,rating\nstranger,i1,4\n")
        support.write_config(cls.dir / "config.json", data={"path": "d.csv", "test_path": "test.csv"}, split={"kind": "files"})

    def models(self, kind, k=6):
        """The plain model, that of ids, that of indices."""
        brief = ["train.steps=60", "train.batch_size=200", "train.lr=0.03"] if kind in ("latent_factor", "bpr") else []
        if not (self.dir / kind).exists():
            self.train(kind, f"model.name={kind}", *support.factors(kind, 4), *brief)
            self.latent("export", kind, "--format", "triton", "-o", "repo", "-k", k)
        return [support.load_model(self.dir / path) for path in (f"{kind}/model.pt", f"repo/{kind}/1/model.pt", f"repo/{kind}_index/1/model.pt")]

    def test_strings_in_give_strings_and_scores_out(self):
        for kind in KINDS:
            with self.subTest(kind):
                plain, by_id, _ = self.models(kind)
                users = [*plain.user_ids, "Анна"]
                names, scores = by_id.forward(users)
                self.assertEqual((len(names), tuple(scores.shape)), (6 * len(users), (len(users), 6)))
                for n, user in enumerate(users):
                    row, values = names[6 * n : 6 * n + 6], scores[n].tolist()
                    listed = plain.recommend_id(user, 6, True)
                    self.assertEqual(row, [id for id, _ in listed] + [""] * (6 - len(listed)))
                    np.testing.assert_allclose(values[: len(listed)], [score for _, score in listed], rtol=1e-5, atol=1e-6)
                    self.assertEqual(values[len(listed) :], [-float("inf")] * (6 - len(listed)))
                self.assertEqual(by_id.forward([])[0], [])
                with self.assertRaisesRegex(Exception, "unknown user 'nobody'"):
                    by_id.forward(["Анна", "nobody"])

    def test_indices_in_give_indices_and_scores_out(self):
        import torch

        for kind in KINDS:
            with self.subTest(kind):
                plain, _, by_index = self.models(kind)
                users = torch.arange(len(plain.user_ids))
                items, scores = by_index.forward(users.unsqueeze(1))  # [B, 1], as Triton batches requests
                for ours, theirs in zip((items, scores), plain.recommend(users, 6, True), strict=True):
                    np.testing.assert_array_equal(ours.numpy(), theirs.numpy())

    def test_the_other_methods_are_there_and_the_program_answers_from_the_file(self):
        plain, by_id, _ = self.models("svd")
        self.assertEqual(by_id.predict_id("Анна", "i3"), plain.predict_id("Анна", "i3"))
        self.assertEqual(by_id.similar_items_id("i3", 4), plain.similar_items_id("i3", 4))
        for folder in ("svd", "svd_index"):
            path = f"repo/{folder}/1/model.pt"
            told = json.loads(self.latent("recommend", path, "--user", "Анна", "--json").stdout)
            self.assertEqual(told, json.loads(self.latent("recommend", "svd", "--user", "Анна", "--json").stdout))
            self.assertEqual(json.loads(self.latent("inspect", path, "--json").stdout)["torchscript"], "ours")

    def test_models_of_another_name_stay_and_those_of_this_name_are_replaced(self):
        self.models("svd")
        self.models("mean")
        before = {path: path.read_bytes() for path in (self.dir / "repo/mean").rglob("*") if path.is_file()}
        self.latent("export", "svd", "--format", "triton", "-o", "repo", "-k", 3)
        self.assertEqual(before, {path: path.read_bytes() for path in (self.dir / "repo/mean").rglob("*") if path.is_file()})
        names, _ = support.load_model(self.dir / "repo/svd/1/model.pt").forward(["Анна"])
        self.assertEqual(len(names), 3)
        self.latent("export", "svd", "--format", "triton", "-o", "repo", "-k", 6)

    def test_a_runs_name_becomes_one_that_triton_takes(self):
        self.models("mean")
        self.latent("export", "mean", "--format", "triton", "-o", "new/models")
        (self.dir / "mean").rename(self.dir / "my mean (1)")
        self.latent("export", "./my mean (1)/", "--format", "triton", "-o", "new/models/")
        (self.dir / "my mean (1)").rename(self.dir / "mean")
        self.assertEqual(sorted(path.name for path in (self.dir / "new/models").iterdir()),
                         ["mean", "mean_index", "my_mean__1_", "my_mean__1__index"])
        self.assertIn('name: "my_mean__1_"\n', (self.dir / "new/models/my_mean__1_/config.pbtxt").read_text())

    def test_a_models_pair_is_never_replaced_by_another_run(self):
        self.models("svd")
        for run in ["pair", "pair_index", "own_index", "own"]:
            shutil.copytree(self.dir / "svd", self.dir / run)
        for first, second, taken in [("pair", "pair_index", "pair_index"), ("own_index", "own", "own_index")]:
            self.latent("export", first, "--format", "triton", "-o", "kept")
            before = (self.dir / "kept" / taken / "config.pbtxt").read_bytes()
            self.assertEqual(self.complaint("export", second, "--format", "triton", "-o", "kept"),
                             f"kept/{taken} is another run's model; export {second} to another folder")
            self.assertEqual((self.dir / "kept" / taken / "config.pbtxt").read_bytes(), before)
            self.latent("export", first, "--format", "triton", "-o", "kept")

    def test_runs_whose_names_come_to_one_models_do_not_replace_each_other(self):
        self.models("svd")
        for run in ["a b", "a_b"]:
            shutil.copytree(self.dir / "svd", self.dir / run)
        self.latent("export", "a b", "--format", "triton", "-o", "one")
        self.assertEqual(self.complaint("export", "a_b", "--format", "triton", "-o", "one"), "one/a_b is another run's model; export a_b to another folder")
        self.latent("export", "a b", "--format", "triton", "-o", "one")

    def test_a_later_version_in_its_place_is_said(self):
        self.models("svd")
        self.latent("export", "svd", "--format", "triton", "-o", "later")
        (self.dir / "later/svd/2").mkdir()
        self.assertEqual(self.complaint("export", "svd", "--format", "triton", "-o", "later"),
                         "later/svd/2 is a later version, which Triton would serve in place of this export; remove it, or export to another folder")

    def test_what_does_not_go_together_is_said_in_one_line(self):
        self.models("mean")
        for words, code, told in [
            (["--format", "triton", "-o", "x.pt"], 1, r"x\.pt: is named \.pt, but --format triton writes a folder of models"),
            (["--format", "triton", "-o", "d.csv"], 1, r"d\.csv/mean: cannot make this folder: "),
            (["--format", "triton", "-o", "-"], 1, "^-: --format triton writes a folder of models; name one$"),
            (["--format", "tritn", "-o", "repo"], 2, "--format takes torchscript, npz, safetensors or triton, not 'tritn'"),
            (["-o", "x.pt", "-k", "5"], 2, "-k goes with --format triton"),
            (["--format", "triton", "-o", "repo", "-k", "0"], 2, "-k must be at least 1"),
        ]:
            self.assertRegex(self.complaint("export", "mean", *words, code=code), told)


if __name__ == "__main__":
    support.main()
