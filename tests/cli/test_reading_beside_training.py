"""A run that is being trained can be evaluated and exported meanwhile, and its training notices nothing."""

import signal
import time

import support


class ReadingBesideTraining(support.Case):
    def test_readers_take_the_newest_whole_checkpoint_and_the_training_goes_on(self):
        support.write_rows(self.dir / "d.csv", support.random_rows(200, 100, 4000))
        support.write_config(self.dir / "config.json", data="d.csv", split={"test": 0.1, "valid": 0.1}, model={"factors": 50},
                             train={"steps": 1000000, "batch_size": 100, "threads": 1}, checkpoint={"every": 1})
        training = self.start("train", "config.json", "--run-dir", "run")
        try:
            deadline = time.monotonic() + 60
            while not self.checkpoints("run"):
                self.assertIsNone(training.poll(), "it ended before it was read")
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.002)
            for round in range(4):
                evaluated = self.latent("evaluate", "run")
                self.assertIn("test", evaluated.stdout)
                exported = self.latent("export", "run", "-o", f"{round}.npz", "--format", "npz")
                self.assertNotIn("trying an older one", evaluated.stderr + exported.stderr)
                self.assertIsNone(training.poll(), "the training ended while it was read")
        finally:
            training.send_signal(signal.SIGINT)
            _, err = training.communicate(timeout=60)
        self.assertEqual(training.returncode, 130, err)
        self.assertIn("checkpoint written", err)
        step = int(self.checkpoints("run")[-1].stem[5:])
        self.assertEqual(support.read_checkpoint(self.checkpoints("run")[-1])[0]["step"], step)


if __name__ == "__main__":
    support.main()
