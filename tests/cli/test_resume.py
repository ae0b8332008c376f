"""A run that was killed, stopped or damaged ends where the uninterrupted one does, bit for bit."""

import json
import re
import shutil
import signal
import time

import support

EVERY, STEPS = 10, 400


class Resume(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        support.write_rows(cls.dir / "d.csv", support.random_rows(200, 100, 4000))
        support.write_config(cls.dir / "config.json", data="d.csv", split={"test": 0.1, "valid": 0.1},
                             model={"factors": 4, "init_std": 0.1},
                             train={"steps": STEPS, "batch_size": 20001, "lr": 0.01, "threads": 1},
                             checkpoint={"every": EVERY})
        support.Case.train(cls(), "whole")

    def stopped(self, run, how, *sets, at=50):
        """Starts a run, sends it the signal `how` once a checkpoint of step `at` or later stands, and waits for its end."""
        process = self.start("train", "config.json", "--run-dir", run, *support.set_options(sets))
        deadline = time.monotonic() + 120
        while not any(int(path.stem[5:]) >= at for path in self.checkpoints(run)):
            self.assertIsNone(process.poll(), "it ended before it could be stopped: raise the number of steps")
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.002)
        process.send_signal(how)
        _, err = process.communicate(timeout=120)
        return process.returncode, err

    def resumed_at(self, done):
        return int(re.search(r"resuming .* at step (\d+)", done.stderr)[1])

    def assert_same_run(self, run, other, steps):
        """The same log, checkpoint, model file's tables and test metrics."""
        for name in [run, other]:
            self.assertEqual([line["step"] for line in self.log(name)], list(range(1, steps + 1)))
        strip = [[{k: v for k, v in line.items() if k != "seconds"} for line in self.log(name)] for name in (run, other)]
        self.assertEqual(*strip)
        (one, tensors), (two, others) = (support.read_checkpoint(self.checkpoints(name)[-1]) for name in (run, other))
        self.assertEqual({**one, "seconds": 0}, {**two, "seconds": 0})
        self.assert_same_tensors(tensors, others)
        tables = [support.model_tables(self.dir / name / "model.pt") for name in (run, other)]
        self.assert_same_tensors(*tables)
        metrics = [self.json(f"{name}/metrics.json") for name in (run, other)]
        self.assertEqual(metrics[0]["test"], metrics[1]["test"])
        self.assertEqual(metrics[0]["valid"], metrics[1]["valid"])
        self.assertEqual(metrics[0]["train"]["steps"], metrics[1]["train"]["steps"])

    def test_a_killed_run_goes_on_to_the_same_bits(self):
        code, _ = self.stopped("killed", signal.SIGKILL)
        self.assertEqual(code, -signal.SIGKILL)
        self.assertFalse((self.dir / "killed/model.pt").exists())
        checkpoints = [int(path.stem[5:]) for path in self.checkpoints("killed")]
        reached = len((self.dir / "killed/log.jsonl").read_text().splitlines())
        done = self.latent("train", "--resume", "killed")
        at = self.resumed_at(done)
        self.assertEqual(at, checkpoints[-1])
        self.assertLessEqual(0, reached - at, "steps of the checkpoint are missing from the log")
        self.assertLessEqual(reached - at, EVERY)
        self.assert_same_run("killed", "whole", STEPS)

    def test_a_kill_costs_no_more_than_the_minutes_between_checkpoints(self):
        often = ["checkpoint.every=0", "checkpoint.minutes=1e-6"]  # less than any step takes
        self.stopped("timed", signal.SIGKILL, *often)
        reached = len((self.dir / "timed/log.jsonl").read_text().splitlines())
        at = self.resumed_at(self.latent("train", "--resume", "timed"))
        self.assertIn(reached - at, (0, 1))
        self.assert_same_run("timed", "whole", STEPS)
        self.train("untimed", "checkpoint.every=0", "checkpoint.minutes=0")
        self.assertEqual(len(self.checkpoints("untimed")), 1)
        self.assert_same_run("timed", "untimed", STEPS)

    def test_two_kills_are_no_worse_than_one(self):
        self.stopped("twice", signal.SIGKILL)
        process = self.start("train", "--resume", "twice")
        while int(self.checkpoints("twice")[-1].stem[5:]) < 150:
            self.assertIsNone(process.poll())
            time.sleep(0.002)
        process.kill()
        process.communicate()
        self.latent("train", "--resume", "twice")
        self.assert_same_run("twice", "whole", STEPS)

    def test_interrupts_write_a_checkpoint_and_say_how_to_go_on(self):
        for how, code in [(signal.SIGINT, 130), (signal.SIGTERM, 143)]:
            with self.subTest(how.name):
                run = how.name.lower()
                returned, err = self.stopped(run, how, "checkpoint.every=50")
                self.assertEqual(returned, code)
                said = re.fullmatch(r"latent: interrupted after step (\d+) of 400; checkpoint written\. Go on with: latent (.*)",
                                    err.splitlines()[-1])
                self.assertTrue(said, err)
                done = self.latent(*said[2].split())
                self.assertEqual(self.resumed_at(done), int(said[1]))
                self.assert_same_run(run, "whole", STEPS)

    def test_epochs_and_rankings_resume_too(self):
        for optimizer in ["adagrad", "adam_lazy"]:
            with self.subTest(optimizer):
                sets = ["model.name=bpr", "train.steps=0", "train.epochs=100", "train.batch_size=700", f"train.optimizer={optimizer}"]
                self.train(optimizer, *sets)
                self.stopped(f"{optimizer}-killed", signal.SIGKILL, *sets)
                self.latent("train", "--resume", f"{optimizer}-killed")
                self.assert_same_run(f"{optimizer}-killed", optimizer, 100 * 5)

    def test_early_stopping_survives_a_kill(self):
        sets = ["train.patience=4", "train.eval_every=10", "train.lr=0.003", "train.lambda=1e-4"]
        self.train("patient", *sets)
        train = self.json("patient/metrics.json")["train"]
        self.assertTrue(train["stopped_early"])
        best = train["best_step"]
        self.assertGreaterEqual(best, 100)
        for at in [best // 2, best + 10]:
            run = f"patient{at}"
            self.stopped(run, signal.SIGKILL, *sets, at=at)
            self.latent("train", "--resume", run)
            self.assert_same_run(run, "patient", train["steps"])
            again = self.json(f"{run}/metrics.json")["train"]
            self.assertEqual((again["best_step"], again["stopped_early"]), (best, True))

    def test_a_run_without_a_checkpoint_starts_at_step_0(self):
        shutil.copytree(self.dir / "whole", self.dir / "early")
        for path in self.checkpoints("early"):
            path.unlink()
        done = self.latent("train", "--resume", "early")
        self.assertIn("early has no checkpoint yet: starting at step 0", done.stderr)
        self.assert_same_run("early", "whole", STEPS)

    def test_a_finished_run_is_only_written_again(self):
        shutil.copytree(self.dir / "whole", self.dir / "finished")
        log = (self.dir / "finished/log.jsonl").read_bytes()
        for name in ["metrics.json", "model.pt"]:
            (self.dir / "finished" / name).unlink()
        done = self.latent("train", "--resume", "finished")
        self.assertEqual(self.resumed_at(done), STEPS)
        self.assertEqual((self.dir / "finished/log.jsonl").read_bytes(), log)
        self.assert_same_run("finished", "whole", STEPS)

    def test_a_damaged_checkpoint_gives_way_to_the_one_before(self):
        self.stopped("damaged", signal.SIGKILL)
        older, newest = self.checkpoints("damaged")[-2:]
        for n, content in enumerate([lambda raw: raw[: len(raw) // 2], lambda raw: raw[:900] + b"?" + raw[901:], lambda raw: b""]):
            run = f"damaged{n}"
            shutil.copytree(self.dir / "damaged", self.dir / run)
            path = self.dir / run / "checkpoints" / newest.name
            path.write_bytes(content(path.read_bytes()))
            done = self.latent("train", "--resume", run)
            self.assertIn(f"{newest.name}: ", done.stderr)
            self.assertEqual(self.resumed_at(done), int(older.stem[5:]))
            self.assert_same_run(run, "whole", STEPS)

    def test_when_no_checkpoint_is_whole_the_run_is_refused(self):
        shutil.copytree(self.dir / "whole", self.dir / "ruined")
        for path in self.checkpoints("ruined"):
            path.write_bytes(path.read_bytes()[:-1])
        said = self.latent("train", "--resume", "ruined", code=1).stderr.splitlines()[-1]
        self.assertRegex(said, r"^latent: ruined/checkpoints: no checkpoint is whole; train again with --overwrite")

    def test_at_most_two_checkpoints_are_kept(self):
        names = [path.name for path in self.checkpoints("whole")]
        self.assertEqual(names, [f"step-{step:012}.ckpt" for step in (STEPS - EVERY, STEPS)])
        self.assertEqual([path.suffix for path in (self.dir / "whole/checkpoints").iterdir()], [".ckpt"] * 2)

    def test_changed_data_is_refused(self):
        shutil.copytree(self.dir / "whole", self.dir / "changed")
        rows = (self.dir / "d.csv").read_text()
        (self.dir / "own.csv").write_text(rows)
        config = self.json("changed/config.json")
        config["data"]["path"] = "own.csv"
        (self.dir / "changed/config.json").write_text(json.dumps(config))
        self.latent("train", "--resume", "changed")
        (self.dir / "own.csv").write_text(rows + "u1,i1,5\n")
        self.assertRegex(self.complaint("train", "--resume", "changed"), r"^changed: the data at own\.csv has changed since")
        self.assertIn("has changed since", self.complaint("export", "changed", "-o", "x.pt"))

    def test_a_changed_knob_is_refused_but_the_length_may_change(self):
        shutil.copytree(self.dir / "whole", self.dir / "longer")
        before = (self.dir / "longer/config.json").read_bytes()
        for knob, value in [("train.lr", 0.5), ("train.seed", 3), ("model.factors", 5), ("split.seed", 1), ("train.batch_size", 7)]:
            said = self.complaint("train", "--resume", "longer", "--set", f"{knob}={value}")
            self.assertRegex(said, rf"^'{re.escape(knob)}' was .* in longer and is {value} now; ")
        self.assertEqual((self.dir / "longer/config.json").read_bytes(), before)
        self.latent("train", "config.json", "--resume", "longer", "--set", f"train.steps={STEPS + 20}", "--set", "train.threads=2")
        self.assertEqual(self.json("longer/config.json")["train"]["steps"], STEPS + 20)
        self.train("long", f"train.steps={STEPS + 20}")
        self.assert_same_run("longer", "long", STEPS + 20)


if __name__ == "__main__":
    support.main()
