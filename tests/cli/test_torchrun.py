#!/usr/bin/env python3
"""Several processes train one model to the bits of one, and what cannot be is refused by all."""
import subprocess
import unittest

import support
from ranks_case import RanksCase

# Of each kind of step: fused with ratings, fused pairs, many negatives (shared and not), autograd, a solver; and of factors in
# bfloat16 under both forms of Adam.
MODELS = {
    "latent_factor": (["model.name=latent_factor"], ["train.steps=12", "train.batch_size=9000"]),
    "bias_only": (["model.name=bias_only"], ["train.steps=8", "train.batch_size=5000"]),
    "bpr": (["model.name=bpr"], ["train.steps=12", "train.batch_size=9000", "train.optimizer=adam_lazy"]),
    "bpr_adagrad": (["model.name=bpr"], ["train.steps=6", "train.batch_size=3000", "train.optimizer=adagrad"]),
    "mf": (["model.name=mf"], ["train.epochs=3", "train.batch_size=512", "train.negatives=64", "train.patience=0"]),
    "mf_own": (["model.name=mf", "mf.loss=bpr"],
               ["train.epochs=2", "train.batch_size=700", "train.negatives=4", "train.negatives_shared=false",
                "train.patience=0"]),
    "mf_at_k": (["model.name=mf", "mf.loss=sl_at_k", "mf.refresh=1"],
                ["train.epochs=3", "train.batch_size=512", "train.negatives=64", "train.patience=0"]),
    "mf_directau": (["model.name=mf", "mf.loss=directau"],
                    ["train.epochs=2", "train.batch_size=512", "train.patience=0"]),
    "bpr_bfloat16": (["model.name=bpr", "model.precision=bfloat16"],
                     ["train.steps=12", "train.batch_size=9000", "train.optimizer=adam_lazy"]),
    "mf_bfloat16": (["model.name=mf", "model.precision=bfloat16"],
                    ["train.epochs=3", "train.batch_size=512", "train.negatives=64", "train.patience=0"]),
    "ials": (["model.name=ials"], ["train.epochs=4", "model.factors=20", "train.patience=0"]),
}


class Torchrun(RanksCase):
    def by_one(self, name):
        if (self.dir / f"{name}-1").exists():
            return self.run_of(f"{name}-1")
        return self.alone(f"{name}-1", *MODELS[name][0], *MODELS[name][1])

    def test_an_environment_that_is_not_torchruns_is_refused(self):
        place = {"WORLD_SIZE": "2", "RANK": "0", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "x"}
        for change, line in [({}, "environment variable MASTER_PORT must be a number from 1 to 65535, not 'x'"),
                             ({"RANK": "2"}, "environment variable RANK must be a number from 0 to 1, not '2'"),
                             ({"MASTER_ADDR": ""}, "WORLD_SIZE is set, but MASTER_ADDR is not; start the program by "
                                                   "torchrun --no-python, or unset WORLD_SIZE")]:
            done = subprocess.run(support.command("train", "config.json"), cwd=self.dir, capture_output=True, text=True,
                                  timeout=60, env={**support.environment(self.dir), **place, **change})
            self.assertEqual((done.returncode, done.stderr), (1, f"latent: {line}\n"))

    def test_the_bits_are_those_of_one_process(self):
        for name, (model, more) in MODELS.items():
            sets = [*model, *more]
            one = self.by_one(name)
            counts = {"latent_factor": [2, 3], "mf": [2, 3], "ials": [2, 3], "bpr_bfloat16": [2, 4], "mf_bfloat16": [2, 4]}
            for count in counts.get(name, [2]):
                several = self.trained_by(count, f"{name}-{count}", *sets)
                self.assert_same_run(one, several, f"{name} by {count}")
                train = several[1]["train"]
                self.assertEqual(train["world_size"], count)
                self.assertEqual(len(train["bytes_sent"]), count)
                self.assertTrue(all(sent > 0 for sent in train["bytes_sent"]), train)
                self.assertNotIn("world_size", one[1]["train"])

    def test_items_by_rows_have_the_bits_of_one_process(self):
        for name in [n for n in MODELS if n != "ials"]:
            model, more = MODELS[name]
            one = self.by_one(name)
            for count in [2, 4] if name in ("latent_factor", "bpr", "mf") else [2]:
                several = self.trained_by(count, f"{name}-rows-{count}", *model, *more, "dist.items=sharded")
                self.assert_same_run(one, several, f"{name} by {count}, items by rows")
        line = self.refused(2, "train", "config.json", "--run-dir", "ials-rows", *support.set_options(["model.name=ials",
                                                                                                       "dist.items=sharded"]))
        self.assertEqual(line, "dist.items = sharded is for models that are trained by gradient: ials solves with whole tables on "
                               "each rank; set dist.items = replicated")

    def test_each_users_figures_and_all_metrics_are_those_of_one_process(self):
        for name, sets in {"latent_factor": ["model.name=latent_factor", "train.steps=8", "train.batch_size=6000"],
                           "ials": ["model.name=ials", "train.epochs=2", "model.factors=8", "train.patience=0"]}.items():
            sets = [*sets, "eval.metrics=all", "split.valid=.1", "eval.per_user=true"]
            self.alone(f"each-{name}-1", *sets)
            for count, more in [(2, []), (3, ["dist.items=sharded"] if name != "ials" else [])]:
                run = f"each-{name}-{count}"
                self.trained_by(count, run, *sets, *more)
                with self.subTest(run):
                    one, several = self.json(f"each-{name}-1/metrics.json"), self.json(f"{run}/metrics.json")
                    for part in ("test", "valid"):
                        self.assertEqual(one[part], several[part])
                    self.assertEqual((self.dir / f"each-{name}-1/per_user.npz").read_bytes(),
                                     (self.dir / run / "per_user.npz").read_bytes())

    def test_early_stopping_and_a_refit_end_alike(self):
        for name in ("mf", "ials", "latent_factor"):
            sets = [f"model.name={name}", "train.epochs=6", "train.patience=2", "split.valid=.1", "train.refit=true",
                    "export.fit=all", "model.factors=8"]
            more = ["dist.items=sharded"] if name == "latent_factor" else []
            one = self.alone(f"stop-{name}-1", *sets)
            two = self.trained_by(2, f"stop-{name}-2", *sets, *more)
            self.assert_same_run(one, two, name)
            self.assertEqual(one[1]["valid"], two[1]["valid"])
            self.assertEqual(one[1]["train"]["refit_steps"], two[1]["train"]["refit_steps"])
            finals = [sorted((self.dir / f"stop-{name}-{count}/checkpoints/final").glob("*"))[-1] for count in (1, 2)]
            self.assert_same_tensors(*(support.read_checkpoint(path)[1] for path in finals))
            self.assertEqual(*((self.dir / f"stop-{name}-{count}/log.jsonl").read_text().count("valid_") for count in (1, 2)))

    def test_ranks_that_differ_are_refused(self):
        support.write_config(self.dir / "other.json", data="rows.csv", split={"seed": 1}, train={"seed": 7})
        line = self.refused(2, "train", lambda rank: ["config.json", "other.json"][rank], "--run-dir", "differ")
        self.assertEqual(line, "rank 1: 'train.seed' is 7 here and 0 on rank 0; give all ranks the same program, config and "
                               "data")
        support.write_rows(self.dir / "more.csv", support.random_rows(300, 120, 8000, seed=5))
        line = self.refused(2, "train", "config.json", "--run-dir", "differ", "--set",
                            lambda rank: "data.path=" + ["rows.csv", "more.csv"][rank])
        self.assertIn("rank 1: the checksum of the data is", line)
        self.assertFalse((self.dir / "differ").exists())

    def test_what_one_rank_cannot_read_ends_all_with_its_line(self):
        (self.dir / "bad.csv").write_text("user_id,item_id,rating\nu1,i1\n")
        line = self.refused(2, "train", "config.json", "--run-dir", "unread", "--set",
                            lambda rank: "data.path=" + ["rows.csv", "bad.csv"][rank])
        self.assertRegex(line, r"^rank 1: bad.csv:2: ")
        line = self.refused(2, "train", lambda rank: ["config.json", "none.json"][rank], "--run-dir", "unread")
        self.assertRegex(line, r"^rank 1: .*none.json")

    def test_what_is_for_one_process_is_refused(self):
        (self.dir / "few.csv").write_text("user_id,item_id,rating\n" + "".join(f"u{n % 3},i{n},{n % 5}\n" for n in range(40)))
        line = self.refused(4, "train", "config.json", "--run-dir", "few", "--set", "data.path=few.csv")
        self.assertEqual(line, "4 ranks, but the data has 3 users, of whom each rank needs one; start fewer")
        line = self.refused(2, "train", "config.json", "--run-dir", "few", "--set", "model.name=svd")
        self.assertEqual(line, "model.name = svd is trained by one process, and torchrun has started 2; start it without "
                               "torchrun (several train bias_only, latent_factor, bpr, mf, ials)")
        for command in ("crossval", "sweep"):
            for said in self.ends(self.ranks(2, command, "config.json"), [1, 1]):
                self.assertIn(f"latent {command} runs in one process, and torchrun has started 2", said)


if __name__ == "__main__":
    unittest.main()
