#!/usr/bin/env python3
"""Several processes train one model: the same bits as one, and a clear end where one of them fails."""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time
import unittest

import support

PYTHON = os.environ.get("LATENT_PYTHON", sys.executable)
TORCHRUN = pathlib.Path(PYTHON).parent / "torchrun"

# Of each kind of step: fused with ratings, fused pairs, many negatives (shared and not), autograd, a solver.
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
    "ials": (["model.name=ials"], ["train.epochs=4", "model.factors=20", "train.patience=0"]),
}


def free_port():
    with socket.socket() as any_port:
        any_port.bind(("127.0.0.1", 0))
        return any_port.getsockname()[1]


class Torchrun(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if b"this build has no distributed part" in pathlib.Path(support.PROGRAM).with_name("liblatent_train.so").read_bytes():
            print("skipped: built without Gloo's headers (libgloo-dev)", file=sys.stderr)
            sys.exit(77)
        support.write_rows(cls.dir / "rows.csv", support.random_rows(300, 120, 8000))
        support.write_config(cls.dir / "config.json", data="rows.csv", split={"seed": 1})

    def test_an_environment_that_is_not_torchruns_is_refused(self):
        place = {"WORLD_SIZE": "2", "RANK": "0", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "x"}
        for change, line in [({}, "environment variable MASTER_PORT must be a number from 1 to 65535, not 'x'"),
                             ({"RANK": "2"}, "environment variable RANK must be a number from 0 to 1, not '2'"),
                             ({"MASTER_ADDR": ""}, "WORLD_SIZE is set, but MASTER_ADDR is not; start the program by "
                                                   "torchrun --no-python, or unset WORLD_SIZE")]:
            done = subprocess.run(support.command("train", "config.json"), cwd=self.dir, capture_output=True, text=True,
                                  timeout=60, env={**support.environment(self.dir), **place, **change})
            self.assertEqual((done.returncode, done.stderr), (1, f"latent: {line}\n"))

    def ranks(self, count, *arguments, world=None):
        """Starts `count` ranks without torchrun, the same way that it does; the processes."""
        port = free_port()
        out = []
        for rank in range(count):
            place = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": world or count, "LOCAL_WORLD_SIZE": world or count,
                     "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
            words = [word(rank) if callable(word) else word for word in arguments]
            out.append(subprocess.Popen(support.command(*words), cwd=self.dir, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        env={**support.environment(self.dir), **{k: str(v) for k, v in place.items()}},
                                        encoding="utf-8"))
            self.addCleanup(out[-1].kill)
        return out

    def ends(self, ranks, codes, within=60):
        """Waits for all; what each said on stderr."""
        said = []
        for process in ranks:
            stdout, stderr = process.communicate(timeout=within)
            process.stdout_text = stdout
            said.append(stderr)
        self.assertEqual([p.returncode for p in ranks], codes, "\n".join(said))
        return said

    def trained_by(self, count, run, *sets):
        """The last checkpoint's tensors, and metrics.json, of a training by so many ranks."""
        self.ends(self.ranks(count, "train", "config.json", "--run-dir", run, *support.set_options(sets)), [0] * count)
        return self.run_of(run)

    def run_of(self, run):
        return support.read_checkpoint(self.checkpoints(run)[-1]), self.json(f"{run}/metrics.json")

    def assert_same_run(self, one, other, what):
        (state, tensors), metrics = one
        (other_state, other_tensors), other_metrics = other
        with self.subTest(what):
            self.assert_same_tensors(tensors, other_tensors)
            self.assertEqual(state["objective"], other_state["objective"])
            self.assertEqual(metrics["test"], other_metrics["test"])

    def alone(self, run, *sets):
        self.train(run, *sets)
        return self.run_of(run)

    def test_the_bits_are_those_of_one_process(self):
        for name, (model, more) in MODELS.items():
            sets = [*model, *more]
            one = self.alone(f"{name}-1", *sets)
            for count in [2, 3] if name in ("latent_factor", "mf", "ials") else [2]:
                several = self.trained_by(count, f"{name}-{count}", *sets)
                self.assert_same_run(one, several, f"{name} by {count}")
                train = several[1]["train"]
                self.assertEqual(train["world_size"], count)
                self.assertEqual(len(train["bytes_sent"]), count)
                self.assertTrue(all(sent > 0 for sent in train["bytes_sent"]), train)
                self.assertNotIn("world_size", one[1]["train"])

    def test_early_stopping_and_a_refit_end_alike(self):
        for name in ("mf", "ials"):
            sets = [f"model.name={name}", "train.epochs=6", "train.patience=2", "split.valid=.1", "train.refit=true",
                    "export.fit=all", "model.factors=8"]
            one = self.alone(f"stop-{name}-1", *sets)
            two = self.trained_by(2, f"stop-{name}-2", *sets)
            self.assert_same_run(one, two, name)
            self.assertEqual(one[1]["train"]["refit_steps"], two[1]["train"]["refit_steps"])
            self.assertEqual(support.read_checkpoint(sorted((self.dir / f"stop-{name}-1/checkpoints/final").glob("*"))[-1])[1].keys(),
                             support.read_checkpoint(sorted((self.dir / f"stop-{name}-2/checkpoints/final").glob("*"))[-1])[1].keys())

    def test_torchrun_starts_them(self):
        if not TORCHRUN.exists():
            self.skipTest(f"no torchrun beside {PYTHON}")
        sets = support.set_options(["model.name=latent_factor", "train.steps=10", "train.batch_size=6000"])
        one = self.alone("torchrun-1", *sets[1::2])
        done = subprocess.run([TORCHRUN, "--no-python", "--standalone", "--nproc-per-node", "2",
                               *support.command("train", "config.json", "-o", "torchrun-2", *sets)],
                              cwd=self.dir, env=support.environment(self.dir), capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stderr.count("run: torchrun-2"), 1, done.stderr)
        self.assert_same_run(one, self.run_of("torchrun-2"), "torchrun")

    def long_training(self, run, count, *sets):
        """Starts a training that would not end, and waits for its first checkpoint."""
        sets = ["model.name=latent_factor", "train.steps=100000000", "train.batch_size=2000", "checkpoint.every=20", *sets]
        ranks = self.ranks(count, "train", "config.json", "--run-dir", run, *support.set_options(sets))
        until = time.monotonic() + 60
        while not self.checkpoints(run):
            self.assertLess(time.monotonic(), until)
            self.assertEqual([p.poll() for p in ranks], [None] * count)
            time.sleep(0.02)
        return ranks

    def test_a_killed_rank_ends_all_and_others_go_on_from_the_last_checkpoint(self):
        ranks = self.long_training("killed", 3)
        ranks[2].send_signal(signal.SIGKILL)
        start = time.monotonic()
        said = self.ends(ranks, [1, 1, -signal.SIGKILL], within=30)
        self.assertLess(time.monotonic() - start, 30)
        lines = [line for line in said[0].splitlines() if line.startswith("latent: ")]
        self.assertEqual(len(lines), 1, said[0])
        self.assertRegex(lines[0], r"lost contact with rank 2 of 3 .*the last checkpoint is of step \d+: "
                                   r"go on with latent train --resume killed")
        reached = support.read_checkpoint(self.checkpoints("killed")[-1])[0]["step"]
        sets = ["model.name=latent_factor", f"train.steps={reached + 30}", "train.batch_size=2000"]
        one = self.alone("unbroken", *sets, "checkpoint.every=20")
        for count in (1, 2):
            run = f"resumed-{count}"
            shutil.copytree(self.dir / "killed", self.dir / run)
            self.ends(self.ranks(count, "train", "--resume", run, "--set", f"train.steps={reached + 30}"), [0] * count)
            self.assert_same_run(one, self.run_of(run), f"resumed by {count}")

    def test_a_signal_to_one_rank_stops_all_with_a_checkpoint(self):
        ranks = self.long_training("stopped", 2)
        ranks[1].send_signal(signal.SIGTERM)
        said = self.ends(ranks, [128 + signal.SIGTERM] * 2)
        self.assertIn("checkpoint written. Go on with: latent train --resume stopped", said[0])
        self.assertEqual(said[1], "")

    def test_a_rank_that_stands_still_is_given_up(self):
        ranks = self.long_training("still", 2, "dist.timeout=2")
        ranks[1].send_signal(signal.SIGSTOP)
        try:
            _, said = ranks[0].communicate(timeout=30)
        finally:
            ranks[1].kill()
        self.assertEqual(ranks[0].returncode, 1)
        self.assertIn("lost contact with rank 1 of 2", said)

    def test_a_missing_rank_is_named(self):
        ranks = self.ranks(2, "train", "config.json", "--run-dir", "missing", world=3)
        said = self.ends(ranks, [1, 1], within=40)
        self.assertIn("rank 2 of 3 never came", said[0])
        self.assertFalse((self.dir / "missing").exists())

    def refused(self, count, *arguments):
        """The one line of rank 0 about a training that all refuse."""
        said = self.ends(self.ranks(count, *arguments), [1] * count, within=40)
        lines = [line for line in said[0].splitlines() if line.startswith("latent: ")]
        self.assertEqual(len(lines), 1, said)
        return lines[0].removeprefix("latent: ")

    def test_ranks_that_differ_are_refused(self):
        support.write_config(self.dir / "other.json", data="rows.csv", split={"seed": 1}, train={"lr": 0.2})
        line = self.refused(2, "train", lambda rank: ["config.json", "other.json"][rank], "--run-dir", "differ")
        self.assertEqual(line, "rank 1: 'train.lr' is 0.2 here and 0.1 on rank 0; give all ranks the same program, config and "
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
                               "torchrun (several train latent_factor, bias_only, bpr, mf, ials)")
        for command in ("crossval", "sweep"):
            for said in self.ends(self.ranks(2, command, "config.json"), [1, 1]):
                self.assertIn(f"latent {command} runs in one process, and torchrun has started 2", said)


if __name__ == "__main__":
    unittest.main()
