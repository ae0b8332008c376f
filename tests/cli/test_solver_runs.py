"""Runs of the models that solvers train are the same for any number of threads and however often they stop."""

import shutil
import signal
import time

import numpy as np

import support


class Threads(support.Case):
    def test_one_two_and_three_threads_agree_bit_for_bit(self):
        support.write_rows(self.dir / "d.csv", support.random_rows(3001, 2003, 40011))
        support.write_config(self.dir / "config.json", data="d.csv", split={"test": 0.05})
        cases = [("svd", []), ("baseline", []), ("implicit_bpr", ["train.deterministic=true"]), ("ials", []),
                 ("ials", ["ials.form=implicit", "data.weight=rating", "model.factors=13"])]
        for model, sets in cases:
            with self.subTest(model, sets=sets):
                runs = [f"{model}-{threads}" for threads in (1, 2, 3)]
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
                 ("implicit_bpr", ["train.deterministic=true"]), ("ials", [])]
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

    def test_lock_free_training_keeps_its_draws_when_it_goes_on_with_one_thread(self):
        support.write_rows(self.dir / "f.csv", support.random_rows(200, 100, 2000))
        support.write_config(self.dir / "free.json", data="f.csv", model={"name": "implicit_bpr", "factors": 6})

        def train(run, epochs, threads):
            self.train(run, f"train.epochs={epochs}", f"train.threads={threads}", config="free.json")

        def resume(run, epochs, threads):
            self.latent("train", "--resume", run, *support.set_options([f"train.epochs={epochs}", f"train.threads={threads}"]))

        def skipped(run):  # of the draws alone
            return [line["skipped"] for line in self.log(run)]

        train("free", 8, 2)
        train("went-on", 3, 2)
        shutil.copytree(self.dir / "went-on", self.dir / "in-turns")
        resume("went-on", 8, 1)
        self.assertEqual(skipped("went-on"), skipped("free"))
        resume("in-turns", 5, 1)
        resume("in-turns", 8, 1)
        self.assert_same_tensors(*(support.read_checkpoint(self.checkpoints(run)[-1])[1] for run in ("went-on", "in-turns")))
        # implicit's own order has other draws, which a run that leaves it does not come back to.
        train("alone", 3, 1)
        train("alone-on", 8, 1)
        self.assertNotEqual(skipped("alone-on")[3:], skipped("free")[3:])
        resume("alone", 5, 2)
        resume("alone", 8, 1)
        self.assertEqual(skipped("alone"), skipped("alone-on")[:3] + skipped("free")[3:])


if __name__ == "__main__":
    support.main()
