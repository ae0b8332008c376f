"""Runs of the models that solvers train are the same for any number of threads and however often they stop."""

import json
import signal
import time

import numpy as np

import support


class Threads(support.Case):
    def test_any_number_of_threads_agrees_bit_for_bit(self):
        support.write_rows(self.dir / "d.csv", support.random_rows(3001, 2003, 40011))
        support.write_config(self.dir / "config.json", data="d.csv", split={"test": 0.05})
        cases = [("svd", []), ("baseline", []), ("implicit_bpr", []), ("ials", []),
                 ("ials", ["ials.form=implicit", "data.weight=rating", "model.factors=13"])]
        for model, sets in cases:
            with self.subTest(model, sets=sets):
                runs = [f"{model}-{threads}" for threads in (1, 2, 3, 5)]
                for run in runs:
                    self.train(run, f"model.name={model}", "train.epochs=4", *support.factors(model, 20), *sets, f"train.threads={run[-1]}", flags=["--overwrite"])
                for run in runs[1:]:
                    self.assert_same_tensors(*(support.read_checkpoint(self.checkpoints(name)[-1])[1] for name in (runs[0], run)))
                    self.assert_same_tensors(*(support.model_tables(self.dir / name / "model.pt") for name in (runs[0], run)))
                    self.assertEqual(*([{**line, "seconds": 0} for line in self.log(name)] for name in (runs[0], run)))
                    self.assertEqual(*(self.json(f"{name}/metrics.json")["test"] for name in (runs[0], run)))


class Resume(support.Case):
    EPOCHS = 400

    def state(self, run):
        """All of a run but its timings: its log, checkpoint and metrics."""
        state, tensors = support.read_checkpoint(self.checkpoints(run)[-1])
        log = [{**line, "seconds": 0} for line in self.log(run)]
        return {**state, "seconds": 0}, log, self.json(f"{run}/metrics.json")["test"], {name: t.tobytes() for name, t in tensors.items()}, tensors

    def test_a_run_that_was_interrupted_and_then_made_longer_ends_where_an_uninterrupted_one_does(self):
        support.write_rows(self.dir / "d.csv", support.random_rows(200, 100, 2000))
        support.write_config(self.dir / "config.json", data="d.csv", train={"threads": 2})
        cases = [("svd", []), ("svd", ["train.exact=true"]), ("baseline", []), ("implicit_bpr", ["train.exact=true"]),
                 ("implicit_bpr", []), ("ials", [])]
        for number, (model, sets) in enumerate(cases):
            with self.subTest(model, sets=sets):
                double = model == "baseline" or sets == ["train.exact=true"] and model == "svd"
                sets, whole, stopped = [f"model.name={model}", *support.factors(model, 6), *sets], f"{number}-whole", f"{number}-stopped"
                self.train(whole, *sets, f"train.epochs={self.EPOCHS + 9}")
                expected = self.state(whole)
                paced = ["checkpoint.every=1", f"train.epochs={self.EPOCHS}"]
                process = self.start("train", "config.json", "--run-dir", stopped, *support.set_options([*sets, *paced]))
                deadline = time.monotonic() + 120
                while not self.checkpoints(stopped):
                    self.assertIsNone(process.poll(), "it ended before it could be stopped: raise the number of epochs")
                    self.assertLess(time.monotonic(), deadline)
                    time.sleep(0.001)
                process.send_signal(signal.SIGINT)
                said = process.communicate(timeout=120)[1]
                self.assertEqual(process.returncode, 130, said)
                self.assertRegex(said, rf"interrupted after epoch \d+ of {self.EPOCHS}; checkpoint written")
                self.assertLess(len(self.log(stopped)), self.EPOCHS)
                self.latent("train", "--resume", stopped, *support.set_options(["checkpoint.every=0", f"train.epochs={self.EPOCHS + 9}"]))
                self.assertEqual(self.state(stopped)[:4], expected[:4])
                self.assertEqual({table.dtype for table in expected[4].values()}, {np.dtype(np.float64 if double else np.float32)})

    def test_runs_of_implicit_bpr_by_an_earlier_version_go_on_with_todays_order(self):
        """It knew train.deterministic, and took implicit's own order, whose generator a checkpoint kept, on one thread."""
        support.write_rows(self.dir / "f.csv", support.random_rows(200, 100, 2000))
        support.write_config(self.dir / "f.json", data="f.csv", model={"name": "implicit_bpr", "factors": 6}, train={"threads": 2})
        self.train("whole", "train.epochs=8", config="f.json")
        self.train("old", "train.epochs=3", config="f.json")
        config = self.json("old/config.json")
        config["train"]["deterministic"] = True
        (self.dir / "old/config.json").write_text(json.dumps(config), encoding="utf-8")
        support.change_state(self.checkpoints("old")[-1], lambda state: state.update(generator="1 2 3"))
        said = self.latent("train", "--resume", "old", *support.set_options(["train.epochs=8", "train.threads=1"])).stderr
        self.assertRegex(said, r"(?m)^old/config\.json: passed over 'train\.deterministic', which is retired$")
        self.assertEqual(self.log_without_times("old"), self.log_without_times("whole"))
        self.assert_same_tensors(*(support.read_checkpoint(self.checkpoints(run)[-1])[1] for run in ("old", "whole")))
        self.latent("evaluate", "old")
        # Elsewhere it is a mistake as any other.
        self.assertRegex(self.complaint("train", "f.json", "--run-dir", "bad", "--set", "train.deterministic=true"), r"^--set: 'train\.deterministic' is retired; leave it out")

    def log_without_times(self, run):
        return [{**line, "seconds": 0} for line in self.log(run)]


if __name__ == "__main__":
    support.main()
