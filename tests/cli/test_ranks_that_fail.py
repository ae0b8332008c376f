#!/usr/bin/env python3
"""A rank of several that is killed, stopped, stuck or missing: a clear end, and the run goes on from its checkpoint."""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
import unittest

import support
from ranks_case import RanksCase

PYTHON = os.environ.get("LATENT_PYTHON", sys.executable)
TORCHRUN = pathlib.Path(PYTHON).parent / "torchrun"


class RanksThatFail(RanksCase):
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

    def test_a_killed_rank_ends_all_and_others_go_on_from_the_last_checkpoint(self):
        ranks = self.long_training("killed", 3)
        ranks[2].send_signal(signal.SIGKILL)
        start = time.monotonic()
        said = self.ends(ranks, [1, 1, -signal.SIGKILL], within=30)
        self.assertLess(time.monotonic() - start, 30)
        lines = [line for line in said[0].splitlines() if line.startswith("latent: ")]
        self.assertEqual(len(lines), 1, said[0])
        self.assertRegex(lines[0], r"lost contact with rank 2 of 3, whose connection is closed; the last checkpoint is of step \d+: "
                                   r"go on with latent train --resume killed")
        reached = support.read_checkpoint(self.checkpoints("killed")[-1])[0]["step"]
        sets = ["model.name=latent_factor", f"train.steps={reached + 30}", "train.batch_size=2000"]
        one = self.alone("unbroken", *sets, "checkpoint.every=20")
        for count, items in ((1, "replicated"), (2, "replicated"), (2, "sharded")):
            run = f"resumed-{count}-{items}"
            shutil.copytree(self.dir / "killed", self.dir / run)
            sets = support.set_options([f"train.steps={reached + 30}", f"dist.items={items}"])
            self.ends(self.ranks(count, "train", "--resume", run, *sets), [0] * count)
            self.assert_same_run(one, self.run_of(run), f"resumed by {count}, {items}")

    def test_ranks_with_items_by_rows_are_killed_at_4_and_gone_on_with_by_2(self):
        ranks = self.long_training("rows", 4, "dist.items=sharded", "train.optimizer=adam_lazy")
        ranks[3].send_signal(signal.SIGKILL)
        said = self.ends(ranks, [1, 1, 1, -signal.SIGKILL], within=30)
        self.assertRegex(said[0], r"lost contact with rank 3 of 4, whose connection is closed; the last checkpoint is of step \d+: ")
        reached = support.read_checkpoint(self.checkpoints("rows")[-1])[0]["step"]
        steps = f"train.steps={reached + 30}"
        self.ends(self.ranks(2, "train", "--resume", "rows", *support.set_options([steps, "dist.items=replicated"])), [0] * 2)
        one = self.alone("rows-1", "model.name=latent_factor", steps, "train.batch_size=2000", "train.optimizer=adam_lazy")
        self.assert_same_run(one, self.run_of("rows"), "at 4 with items by rows, then at 2 with all of them")

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

    def test_torchrun_starts_them_again_and_they_go_on(self):
        if not TORCHRUN.exists():
            self.skipTest(f"no torchrun beside {PYTHON}")
        sets = ["model.name=latent_factor", "train.steps=3000", "train.batch_size=2000", "checkpoint.every=20"]
        one = self.alone("again-1", *sets)
        for run, where in (("again-2", ["-o", "again-2"]), ("runs/config-1", [])):  # the second is numbered by the first attempt
            job = subprocess.Popen([TORCHRUN, "--no-python", "--standalone", "--nproc-per-node", "2", "--max-restarts", "2",
                                    *support.command("train", "config.json", *where, *support.set_options(sets))],
                                   cwd=self.dir, env=support.environment(self.dir), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                   text=True)
            self.addCleanup(job.kill)
            until = time.monotonic() + 60
            while not self.checkpoints(run) and time.monotonic() < until:
                time.sleep(0.02)
            children = subprocess.run(["pgrep", "-P", str(job.pid)], capture_output=True, text=True).stdout.split()
            own = [int(c) for c in children if b"train.steps=3000" in pathlib.Path(f"/proc/{c}/cmdline").read_bytes()]
            os.kill(own[-1], signal.SIGKILL)
            _, said = job.communicate(timeout=120)
            self.assertEqual(job.returncode, 0, said)
            self.assertRegex(said, rf"resuming {run} at step \d+")
            self.assert_same_run(one, self.run_of(run), "started again")
        self.assertEqual([p.name for p in (self.dir / "runs").iterdir()], ["config-1"])


if __name__ == "__main__":
    unittest.main()
