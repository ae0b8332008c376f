"""What may happen around a training: signals, streams that are closed or full, a folder that vanishes, others that write the same files."""

import resource
import shutil
import signal
import subprocess
import sys
import time

import support

sys.path.insert(0, str(support.ROOT / "tests/shim"))
import campaign  # noqa: E402
import contents  # noqa: E402


class Surroundings(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        support.write_rows(cls.dir / "d.csv", support.random_rows(60, 40, 900))
        support.write_config(cls.dir / "config.json", data={"path": "d.csv", "cache_dir": "none"}, train={"steps": 20, "batch_size": 500},
                             checkpoint={"every": 5})
        support.write_config(cls.dir / "long.json", data={"path": "d.csv", "cache_dir": "none"}, train={"steps": 10**8, "batch_size": 500},
                             checkpoint={"every": 5})
        support.write_config(cls.dir / "ials.json", data={"path": "d.csv", "cache_dir": "none"})
        support.write_config(cls.dir / "sweep.json", data={"path": "d.csv", "cache_dir": "none"}, train={"steps": 3000, "batch_size": 500},
                             split={"valid": 0.1}, sweep={"over": {"model.factors": [2, 3, 4]}, "metric": "rmse", "search": "grid"})

    def once_there(self, process, pattern):
        deadline = time.monotonic() + 60
        while not list(self.dir.glob(pattern)):
            self.assertIsNone(process.poll(), "it ended before that")
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.005)

    def said(self, text):
        """The one line of the program itself."""
        lines = [line for line in text.splitlines() if line.startswith("latent: ")]
        self.assertEqual(len(lines), 1, text)
        return lines[0]

    def shell(self, line):
        return subprocess.run(["bash", "-c", line.replace("latent ", f"'{support.PROGRAM}' ", 1)], cwd=self.dir, env=support.environment(self.dir),
                              capture_output=True, encoding="utf-8", timeout=120)

    def test_a_second_interrupt_stops_at_once(self):
        # A step of some seconds, so that the second one comes before its end.
        slow = ["train.batch_size=6000000", "train.steps=1000", "train.threads=1", "checkpoint.every=0"]
        process = self.start("train", "config.json", "--run-dir", "twice", *support.set_options(slow))
        self.once_there(process, "twice/log.jsonl")
        time.sleep(0.2)
        begin = time.monotonic()
        process.send_signal(signal.SIGINT)
        time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        if process.returncode == 130:  # the step ended between the two
            self.assertLess(time.monotonic() - begin, 20)
            return
        self.assertEqual(process.returncode, -signal.SIGINT, err)
        self.assertIn("stopped at once", self.said(err))

    def test_closed_and_full_streams(self):
        for number, streams in enumerate([">&-", ">/dev/full"]):
            done = self.shell(f"latent train config.json --run-dir out{number} {streams}")
            self.assertEqual(done.returncode, 1)
            self.assertIn("cannot write to standard output", self.said(done.stderr))
            self.assertTrue((self.dir / f"out{number}/metrics.json").exists(), "the run itself is complete")
        for number, streams in enumerate(["2>&-", "2>/dev/full"]):
            done = self.shell(f"latent train config.json --run-dir err{number} {streams}")
            self.assertEqual(done.returncode, 0)
            self.assertIn("rmse", done.stdout)

    def test_a_full_disk_for_the_log(self):
        if campaign.sanitized(support.PROGRAM):
            self.skipTest("a program with a sanitizer loads nothing before it")
        runs = campaign.Campaign(support.PROGRAM, self.dir / "full", campaign.library())
        runs.folder.mkdir(parents=True)
        for name in ("d.csv", "config.json"):
            shutil.copy(self.dir / name, runs.folder)
        fault = {**runs.environment(call="write", at=3, do="ENOSPC+"), "SHIM_UNDER": f"{runs.folder}/run/log.jsonl"}
        done = subprocess.run([support.PROGRAM, "train", "config.json", "--run-dir", "run"], cwd=runs.folder, env=fault, capture_output=True, encoding="utf-8")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertEqual(self.said(done.stderr), "latent: run/log.jsonl: cannot write: No space left on device")

    def test_a_folder_that_vanishes(self):
        process = self.start("train", "long.json", "--run-dir", "gone")
        self.once_there(process, "gone/checkpoints/*.ckpt")
        while (self.dir / "gone").exists():
            shutil.rmtree(self.dir / "gone", ignore_errors=True)
        _, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 1, err)
        self.assertIn("gone/", self.said(err))
        self.assertIn("No such file or directory", err)

    def test_of_two_sweeps_in_one_folder_one_goes_on(self):
        first = self.start("sweep", "sweep.json", "--run-dir", "sweep")
        self.once_there(first, "sweep/sweep.sqlite")
        self.assertIn("another process is at work in it", self.complaint("sweep", "--resume", "sweep"))
        _, err = first.communicate(timeout=120)
        self.assertEqual(first.returncode, 0, err)
        both = [self.start("sweep", "sweep.json", "--run-dir", "at-once", "--set", "train.steps=30") for _ in range(2)]
        ends = [(process.communicate(timeout=120)[1], process.returncode) for process in both]
        self.assertEqual(sorted(code for _, code in ends), [0, 1], ends)
        contents.contents(self.dir / "at-once")

    def test_writers_of_one_cache_and_of_one_model_leave_a_whole_one(self):
        self.train("run", "train.steps=2")
        cached = ["train", "config.json", "--set", "data.cache_dir=cache", "--set", "train.steps=1"]
        several = [self.start(*cached, "--run-dir", f"c{n}") for n in range(4)]
        several += [self.start("export", "run", "-o", "one.pt") for _ in range(2)] + [self.start("export", "run", "-o", "one.npz") for _ in range(2)]
        for process in several:
            _, err = process.communicate(timeout=120)
            self.assertEqual(process.returncode, 0, err)
        self.assertEqual(len(list((self.dir / "cache").glob("*.cache"))), 1)
        self.assertEqual(contents.left_over(self.dir), [])
        contents.contents(self.dir / "cache")
        self.latent("export", "run", "-o", "alone.npz")
        self.assertEqual(contents.content(self.dir / "one.npz"), contents.content(self.dir / "alone.npz"))
        self.latent("recommend", "one.pt", "--user", "u1")

    def test_what_killed_commands_left_goes_with_the_next_in_the_same_place(self):
        self.train("run2", "train.steps=2")
        digits = "0123456789abcdef"
        left = [f"m.pt.tmp-{digits}", f"lists.csv.tmp-{digits}", f"r.html.tmp-{digits}", f"cache2/{digits}.cache.tmp-{digits}", f"cache2/columns.tmp-{digits}",
                f"run2/config.json.tmp-{digits}", f"run2/checkpoints/step-000000000001.ckpt.tmp-{digits}", f"new.new-{digits}/config.json"]
        for name in left:
            (self.dir / name).parent.mkdir(exist_ok=True, parents=True)
            (self.dir / name).write_text("half")
        (self.dir / f"new.new-{digits}/checkpoints").mkdir()
        self.latent("export", "run2", "-o", "m.pt")
        self.latent("recommend", "run2/model.pt", "--users", "all", "-o", "lists.csv")
        self.latent("report", "run2", "-o", "r.html")
        self.train("new", "data.cache_dir=cache2")
        self.latent("train", "--resume", "run2", "--set", "train.steps=3")
        self.assertEqual([name for name in left if (self.dir / name).exists()], [])

    def test_memory_is_asked_for_before_anything_is_written(self):
        bound = 6 << 30  # of address space, LibTorch's own included

        def limited():
            resource.setrlimit(resource.RLIMIT_AS, (bound, bound))

        for knob, sets in [("model.factors = 10000000", ["model.factors=10000000"]), ("train.batch_size = 200000000", ["train.batch_size=200000000"]),
                           ("model.factors = 100000", ["model.name=ials", "model.factors=100000", "train.steps=0", "train.epochs=1"])]:
            words = support.command("train", "ials.json" if "ials" in sets[0] else "config.json", "--run-dir", "large", *support.set_options([*sets, "split.valid=0"]))
            done = subprocess.run(words, cwd=self.dir, env=support.environment(self.dir), capture_output=True, encoding="utf-8", preexec_fn=limited)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertRegex(self.said(done.stderr), rf"^latent: {knob}: its .* need [0-9.]+ [GM]B of memory.*, and [0-9.]+ [GM]B are free; lower it")
            self.assertFalse((self.dir / "large").exists())
        done = subprocess.run(support.command("sweep", "sweep.json", "--run-dir", "large", "--jobs", "3", "--set", "model.init_std=0.1",
                                              "--set", "sweep.over={\"model.factors\": [1500000, 1500001, 1500002]}"),
                              cwd=self.dir, env=support.environment(self.dir), capture_output=True, encoding="utf-8", preexec_fn=limited)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("--jobs 3: so many trainings at a time need", self.said(done.stderr))
        self.assertFalse((self.dir / "large/sweep.json").exists())


if __name__ == "__main__":
    support.main()
