"""model.name = mf: every loss trains, resumes and serves; bad combinations are refused in a line."""

import unittest

import numpy as np
import torch

import support

LOSSES = ("mse", "bce", "bpr", "hinge", "softmax", "bsl", "sl_at_k", "ccl", "directau")
SAMPLINGS = {
    "shared": ["train.negatives=40"],
    "own": ["train.negatives=3"],
    "own, many": ["train.negatives=40", "train.negatives_shared=false"],
    "popular": ["train.negatives=40", "train.negative_sampling=popularity"],
    "popular, own": ["train.negatives=4", "train.negative_sampling=popularity", "train.popularity_power=1"],
    "in the batch": ["train.negative_sampling=in_batch"],
}


def grouped_rows():
    """Users of six groups that have most items of their own group, and some of any."""
    rng = np.random.default_rng(4)
    rows = []
    for user in range(120):
        own = rng.choice(range(user % 6, 60, 6), 6, replace=False)
        other = rng.choice(60, 2, replace=False)
        rows += [(f"u{user}", f"i{item}", 5) for item in dict.fromkeys([*own, *other])]
    return [rows[n] for n in rng.permutation(len(rows))]


class Mf(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        support.write_rows(cls.dir / "groups.csv", grouped_rows())
        support.write_config(cls.dir / "config.json", data="groups.csv", split={"test": 0.15}, model={"name": "mf", "factors": 8},
                             train={"batch_size": 128, "epochs": 12, "lr": 0.02, "threads": 1})

    def test_every_loss_finds_the_groups_that_popularity_does_not(self):
        for loss in LOSSES:
            with self.subTest(loss):
                margin = ["mf.margin=0.3"] if loss == "ccl" else []
                sampling = [] if loss == "directau" else ["train.negatives=40"]
                self.train(f"found-{loss}", f"mf.loss={loss}", "train.epochs=40", *margin, *sampling)
                test = self.json(f"found-{loss}/metrics.json")["test"]
                self.assertGreater(test["ndcg@10"], 1.5 * test["popularity_ndcg@10"])

    def test_the_same_bits_for_any_number_of_threads_and_after_a_resume(self):
        cases = [(loss, []) for loss in LOSSES] + [("bsl", sets) for sets in SAMPLINGS.values()]
        for n, (loss, sets) in enumerate(cases):
            with self.subTest(loss=loss, sets=sets):
                sets = [f"mf.loss={loss}", "train.user_dropout=0.1", "train.epochs=6", "checkpoint.every=16", *sets]
                if loss == "sl_at_k":
                    sets += ["mf.refresh=1", "mf.at_k=5"]
                kept = []
                for threads in (1, 2, 3):
                    run = f"bits-{n}-{threads}"
                    self.train(run, *sets, f"train.threads={threads}")
                    kept.append(support.read_checkpoint(self.checkpoints(run)[-1])[1])
                self.assert_same_tensors(kept[0], kept[1])
                self.assert_same_tensors(kept[0], kept[2])
                # As a kill leaves it: without the last checkpoint and the results.
                run = self.dir / f"bits-{n}-1"
                newest = self.checkpoints(run.name)
                self.assertGreater(len(newest), 1)
                newest[-1].unlink()
                (run / "metrics.json").unlink()
                self.latent("train", "--resume", run.name)
                self.assert_same_tensors(kept[0], support.read_checkpoint(self.checkpoints(run.name)[-1])[1])

    def test_thresholds_of_sl_at_k_move_with_each_refresh(self):
        self.train("sl", "mf.loss=sl_at_k", "mf.refresh=2", "mf.at_k=5", "train.epochs=3")
        thresholds = support.read_checkpoint(self.checkpoints("sl")[-1])[1]["thresholds"]
        self.assertEqual(thresholds.shape, (120,))
        self.assertTrue((thresholds != 0).all())
        self.train("early", "mf.loss=sl_at_k", "mf.refresh=3", "mf.at_k=5", "train.epochs=3")
        self.assertTrue((support.read_checkpoint(self.checkpoints("early")[-1])[1]["thresholds"] == 0).all())

    def test_all_samplings_train_and_leave_known_items_out(self):
        for name, sets in SAMPLINGS.items():
            with self.subTest(name):
                self.train("sampled", *sets, "train.epochs=40", flags=["--overwrite"])
                test = self.json("sampled/metrics.json")["test"]
                self.assertGreater(test["ndcg@10"], 1.5 * test["popularity_ndcg@10"])

    def test_serves_cosines_and_dots_with_biases(self):
        for sets in (["mf.score=cosine"], ["mf.score=dot", "mf.bias=true"]):
            self.train("served", *sets, flags=["--overwrite"])
            tables = support.read_checkpoint(self.checkpoints("served")[-1])[1]
            u, i = tables["model.gamma_user.weight"], tables["model.gamma_item.weight"]
            if "cosine" in sets[0]:
                u, i = (t / np.linalg.norm(t, axis=1, keepdims=True) for t in (u, i))
            scores = u @ i.T + (tables["model.beta_item.weight"].T if "mf.bias=true" in sets else 0)
            model = support.load_model(self.dir / "served/model.pt")
            users, items = torch.arange(120).repeat_interleave(60), torch.arange(60).repeat(120)
            np.testing.assert_allclose(model(users, items).reshape(120, 60).numpy(), scores, atol=1e-5)

    def test_other_models_start_from_xaviers_values_where_they_are_asked_to(self):
        sets = ["model.name=bpr", "train.steps=1", "train.epochs=0", "train.lr=1e-9", "train.batch_size=1"]
        self.train("xavier", *sets, "model.init=xavier")
        table = support.read_checkpoint(self.checkpoints("xavier")[-1])[1]["model.gamma_user.weight"]
        bound = np.sqrt(6 / (120 + 8))
        self.assertLessEqual(np.abs(table).max(), bound + 1e-6)
        self.assertGreater(np.abs(table).max(), 0.95 * bound)

    def refuse(self, text, *sets):
        said = self.complaint("train", "config.json", "--run-dir", "bad", *support.set_options(sets))
        self.assertRegex(said, text)
        self.assertFalse((self.dir / "bad").exists())

    def test_refuses_what_does_not_go_together(self):
        self.refuse(r"^mf\.bias is for mf\.score = dot, but mf\.score is cosine; set mf\.score to dot, or leave mf\.bias out$",
                    "mf.bias=true", "mf.score=cosine")
        self.refuse(r"^mf\.bias is for mf\.score = dot, but mf\.score is cosine for mf\.loss = bsl", "mf.bias=true", "mf.loss=bsl")
        self.refuse(r"^mf\.at_k = 61, but the data has 60 items; lower it$", "mf.loss=sl_at_k", "mf.at_k=61")
        self.refuse(r"'train\.negatives' must be from 1", "train.negatives=0")
        self.refuse(r"^train\.negatives is not read by mf unless train\.negative_sampling is not in_batch",
                    "train.negative_sampling=in_batch", "train.negatives=8")
        self.refuse(r"^train\.negatives_shared = false, but with train\.negative_sampling = in_batch",
                    "train.negative_sampling=in_batch", "train.negatives_shared=false")
        self.refuse(r"in_batch needs a train\.batch_size above 1", "train.negative_sampling=in_batch", "train.batch_size=1")
        self.refuse(r"'train\.user_dropout' must be from 0 to below 1", "train.user_dropout=1")
        self.refuse(r"^model\.init_std is not read by mf unless model\.init is normal", "model.init_std=0.2")
        for knob, loss in (("mf.tau", "bpr"), ("mf.tau2", "softmax"), ("mf.tau_w", "bsl"), ("mf.at_k", "bsl"), ("mf.refresh", "ccl"),
                           ("mf.margin", "bce"), ("mf.negative_weight", "hinge"), ("mf.gamma", "ccl")):
            self.refuse(rf"^{knob.replace('.', '[.]')} is not read by mf unless mf\.loss is ", f"mf.loss={loss}", f"{knob}=7")

    def test_refuses_a_user_without_any_negative_of_their_own(self):
        support.write_rows(self.dir / "full.csv", [("a", "x", 1), ("a", "y", 1), ("b", "x", 1)])
        sets = ["data.path=full.csv", "split.test=0", "train.batch_size=2"]
        self.refuse(r"^user 'a' has every item in training", *sets, "train.negatives=2")
        # Of shared ones none may be left, and the others still train.
        self.train("full", *sets, "train.negatives=40", "train.epochs=2")


if __name__ == "__main__":
    unittest.main()
