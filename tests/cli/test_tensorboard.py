"""log.tensorboard: event files that TensorBoard itself reads, with no step twice after a kill or a resume."""

import fcntl
import importlib.util
import os
import pty
import signal
import struct
import termios
import time
import unittest

import support

HAVE = importlib.util.find_spec("tensorboard") is not None


class Logged(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        support.write_rows(cls.dir / "d.csv", support.random_rows(120, 60, 2500))
        support.write_config(cls.dir / "config.json", data="d.csv", split={"test": 0.1, "valid": 0.1},
                             model={"name": "svd", "factors": 3}, train={"epochs": 12, "patience": 20, "threads": 1},
                             checkpoint={"every": 4}, log={"tensorboard": True})


class TensorBoard(Logged):
    def files(self, run):
        return sorted((self.dir / run).glob("tensorboard/**/events.out.tfevents.*"))

    def expected(self, run, mark=None):
        """{tag: [(step, value)]} of log.jsonl."""
        out = {}
        for line in self.log(run):
            if (mark in line) if mark else not {"refit", "final"} & set(line):
                for name, value in line.items():
                    if name not in ("step", "refit", "final"):
                        out.setdefault(name, []).append((line["step"], value))
        return out

    def assert_read(self, run, folder="tensorboard", mark=None):
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

        events = EventAccumulator(str(self.dir / run / folder), size_guidance={"scalars": 0})
        events.Reload()
        expected = self.expected(run, mark)
        self.assertEqual(set(events.Tags()["scalars"]), set(expected))
        for tag, points in expected.items():
            got = events.Scalars(tag)
            self.assertEqual([point.step for point in got], [step for step, _ in points], tag)
            for point, (_, value) in zip(got, points):
                self.assertAlmostEqual(point.value, value, delta=1e-6 * max(1, abs(value)))
                self.assertLess(abs(point.wall_time - time.time()), 3600)

    def test_files_are_there_only_where_they_are_asked_for(self):
        self.train("without", "log.tensorboard=false")
        self.assertEqual(self.files("without"), [])
        self.train("with")
        self.assertEqual(len(self.files("with")), 1)
        self.assert_same_tensors(*(support.model_tables(self.dir / run / "model.pt") for run in ("without", "with")))

    @unittest.skipUnless(HAVE, "tensorboard is not installed")
    def test_scalars_are_those_of_the_log_at_their_steps(self):
        self.train("run")
        self.assertEqual(set(self.expected("run")), {"objective", "valid_mse", "seconds"})
        self.assert_read("run")

    @unittest.skipUnless(HAVE, "tensorboard is not installed")
    def test_a_resumed_run_goes_on_in_another_file_without_a_step_twice(self):
        self.train("longer")
        self.latent("train", "--resume", "longer", "--set", "train.epochs=18")
        self.assertEqual(len(self.files("longer")), 2)
        self.assertEqual([line["step"] for line in self.log("longer")], list(range(1, 19)))
        self.assert_read("longer")

    @unittest.skipUnless(HAVE, "tensorboard is not installed")
    def test_what_a_killed_run_wrote_beyond_its_checkpoint_is_taken_back(self):
        process = self.start("train", "config.json", "--run-dir", "killed", "--set", "train.epochs=4000",
                             "--set", "train.patience=0", "--set", "checkpoint.every=50")
        while process.poll() is None and not self.checkpoints("killed"):
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
        self.latent("train", "--resume", "killed")
        self.assertEqual([line["step"] for line in self.log("killed")], list(range(1, 4001)))
        self.assert_read("killed")

    @unittest.skipUnless(HAVE, "tensorboard is not installed")
    def test_later_fits_are_runs_of_their_own_in_folders_below(self):
        self.train("later", "train.patience=3", "train.refit=true", "export.fit=all")
        self.assert_read("later")
        for mark in ("refit", "final"):
            self.assert_read("later", f"tensorboard/{mark}", mark)

    def test_a_full_disk_is_one_line(self):
        limit = "ulimit -f 8; trap '' XFSZ; exec "
        words = " ".join(support.command("train", "config.json", "--run-dir", "full", "--set", "train.epochs=400",
                                         "--set", "train.patience=0", "--set", "data.cache_dir=none", "--set", "checkpoint.every=0"))
        done = support.subprocess.run(["bash", "-c", limit + words], cwd=self.dir, env=support.environment(self.dir),
                                      capture_output=True, encoding="utf-8", timeout=120)
        self.assertEqual(done.returncode, 1)
        said = [line for line in done.stderr.splitlines() if line.startswith("latent: ")]
        self.assertEqual(len(said), 1, done.stderr)
        self.assertRegex(said[0], r"^latent: full/(log\.jsonl|tensorboard/events.*): cannot write")


class ProgressLine(Logged):
    def test_tells_the_validation_metric_and_the_best_so_far(self):
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 160, 0, 0))
        process = support.subprocess.Popen(
            support.command("train", "config.json", "--run-dir", "watched", "--set", "train.epochs=12000", "--set", "train.patience=12000"),
            cwd=self.dir, env=support.environment(self.dir), stdout=slave, stderr=slave)
        os.close(slave)
        said = b""
        while True:
            try:
                some = os.read(master, 65536)
            except OSError:
                break
            if not some:
                break
            said += some
        os.close(master)
        self.assertEqual(process.wait(timeout=120), 0)
        self.assertRegex(said.decode(errors="replace"), r"valid mse \d\.\d+ \(best \d\.\d+\)")


if __name__ == "__main__":
    support.main()
