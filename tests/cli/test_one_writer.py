#!/usr/bin/env python3
"""One process at a time trains in a run directory, and any number read it."""
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time
import unittest

import support


class OneWriter(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.dir = pathlib.Path(self.folder.name)
        (self.dir / "r.csv").write_text("user,item,rating\n" + "".join(
            f"u{u},b{i},{1 + (u * 3 + i * 5) % 5}\n" for u in range(20) for i in range(15) if (u + i) % 3))
        self.config("c.json", steps=30)
        self.config("long.json", steps=100_000_000)

    def tearDown(self):
        self.folder.cleanup()

    def config(self, name, steps, **more):
        (self.dir / name).write_text(json.dumps({"data": {"path": "r.csv"}, "model": {"name": "latent_factor"},
                                                 "train": {"steps": steps, **more}, "checkpoint": {"every": 10}}))

    def latent(self, *arguments, **options):
        return subprocess.run([support.PROGRAM, *arguments], cwd=self.dir, capture_output=True, text=True, **options)

    def start_long(self, *arguments):
        training = subprocess.Popen([support.PROGRAM, "train", *arguments], cwd=self.dir, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(training.kill)
        deadline = time.monotonic() + 60
        while not list(self.dir.glob("run/checkpoints/*.ckpt")):
            self.assertIsNone(training.poll())
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)
        return training

    def test_a_second_writer_is_refused_until_the_first_has_gone(self):
        training = self.start_long("long.json", "--run-dir", "run")
        for arguments in [["train", "c.json", "--run-dir", "run", "--overwrite"], ["train", "--resume", "run"]]:
            refused = self.latent(*arguments)
            self.assertEqual(refused.returncode, 1)
            self.assertIn("run: another process is at work in it", refused.stderr)
            self.assertIsNone(training.poll(), "the first goes on")
        self.assertEqual(self.latent("evaluate", "run").returncode, 0, "reading is free")
        training.send_signal(signal.SIGKILL)
        training.wait()
        done = self.latent("train", "c.json", "--run-dir", "run", "--overwrite")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_of_runs_that_replace_one_at_once_each_finishes_or_is_refused(self):
        self.assertEqual(self.latent("train", "c.json", "--run-dir", "run").returncode, 0)
        for seed in range(6):
            at_once = [subprocess.Popen([support.PROGRAM, "train", "c.json", "--run-dir", "run", "--overwrite", "--set", f"train.seed={10 * seed + n}"],
                                        cwd=self.dir, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for n in range(3)]
            ends = [(p.communicate()[1], p.returncode) for p in at_once]
            self.assertIn(0, [code for _, code in ends])
            for text, code in ends:
                if code != 0:
                    self.assertIn("another process is at work in it", text)
            saved = json.loads((self.dir / "run/config.json").read_text())
            metrics = json.loads((self.dir / "run/metrics.json").read_text())
            self.assertIn("test", metrics)
            alone = self.latent("train", "c.json", "--run-dir", "alone", "--overwrite", "--set", f"train.seed={saved['train']['seed']}")
            self.assertEqual(alone.returncode, 0)
            self.assertEqual(json.loads((self.dir / "alone/metrics.json").read_text())["test"], metrics["test"], "its own config's model")
            self.assertEqual([p.name for p in self.dir.iterdir() if ".new" in p.name or "replaced" in p.name], [])

    def test_the_end_of_the_terminal_leaves_a_checkpoint(self):
        training = self.start_long("long.json", "--run-dir", "run")
        training.send_signal(signal.SIGHUP)
        self.assertEqual(training.wait(), 128 + signal.SIGHUP)

    def test_a_folder_beside_the_run_is_nobodys_to_remove(self):
        self.assertEqual(self.latent("train", "c.json", "--run-dir", "run").returncode, 0)
        (self.dir / "run.replaced").mkdir()
        (self.dir / "run.replaced/precious").write_text("mine")
        self.assertEqual(self.latent("train", "c.json", "--run-dir", "run", "--overwrite").returncode, 0)
        self.assertEqual((self.dir / "run.replaced/precious").read_text(), "mine")

    def test_a_run_that_fails_late_leaves_the_one_that_it_was_to_replace(self):
        self.assertEqual(self.latent("train", "c.json", "--run-dir", "run").returncode, 0)
        before = (self.dir / "run/metrics.json").read_text()
        self.config("wild.json", steps=3000, lr=1e6, optimizer="sgd")
        failed = self.latent("train", "wild.json", "--run-dir", "run", "--overwrite")
        self.assertEqual(failed.returncode, 1, failed.stderr)
        kept = [p for p in self.dir.glob("run*/metrics.json") if p.read_text() == before]
        self.assertEqual(len(kept), 1, failed.stderr)

    def test_fewer_steps_than_the_run_has_done_are_refused(self):
        self.assertEqual(self.latent("train", "c.json", "--run-dir", "run").returncode, 0)
        before = (self.dir / "run/metrics.json").read_text()
        refused = self.latent("train", "--resume", "run", "--set", "train.steps=3")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("has come to step 30", refused.stderr)
        self.assertEqual((self.dir / "run/metrics.json").read_text(), before)


if __name__ == "__main__":
    support.main()
