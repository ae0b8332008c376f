"""scripts/plot_run.py: one run, several runs, and its help without matplotlib."""

import importlib.util
import os
import subprocess
import sys
import unittest

import support

SCRIPT = support.ROOT / "scripts/plot_run.py"


class Plots(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        support.write_rows(cls.dir / "d.csv", support.random_rows(30, 20, 300))
        support.write_config(cls.dir / "config.json", data="d.csv", split={"test": 0.1, "valid": 0.1}, train={"steps": 20, "batch_size": 50})
        for run, *sets in [("one", "train.patience=5", "train.eval_every=4"), ("two", "train.patience=5", "train.eval_every=5"), ("plain",)]:
            support.Case.train(cls(), run, *sets)
        support.write_config(cls.dir / "mean.json", data="d.csv", model={"name": "mean"})
        support.Case.train(cls(), "mean", config="mean.json")

    def plot(self, *words, code=0, **extra):
        done = subprocess.run([sys.executable, SCRIPT, *map(str, words)], cwd=self.dir, capture_output=True, text=True, timeout=300,
                              env={**support.environment(self.dir), "LATENT": support.PROGRAM, **extra})
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def without_matplotlib(self):
        """An environment in which importing matplotlib fails."""
        (self.dir / "none").mkdir(exist_ok=True)
        (self.dir / "none/matplotlib.py").write_text("raise ImportError\n")
        return {"PYTHONPATH": str(self.dir / "none")}

    def test_help_needs_no_matplotlib(self):
        text = self.plot("--help", **self.without_matplotlib()).stdout
        self.assertIn("RUN [RUN ...]", text)

    def test_without_matplotlib_it_says_how_to_get_it(self):
        said = self.plot("plain", code=1, **self.without_matplotlib()).stderr
        self.assertEqual(said, "plot_run: matplotlib is missing; pip install matplotlib\n")

    def test_what_is_no_finished_run_is_one_line(self):
        said = self.plot("one", "nowhere", code=1).stderr
        self.assertRegex(said, r"^plot_run: nowhere/metrics\.json: .*; is nowhere a finished run\?\n$")

    @unittest.skipUnless(importlib.util.find_spec("matplotlib"), "this Python has no matplotlib")
    def test_one_run_gets_its_plots_in_its_folder(self):
        printed = self.plot("one").stdout.split()
        self.assertEqual(printed, [f"one/plots/{name}.png" for name in ("loss", "valid", "predictions")])
        for path in printed:
            self.assertEqual((self.dir / path).read_bytes()[:4], b"\x89PNG")

    @unittest.skipUnless(importlib.util.find_spec("matplotlib"), "this Python has no matplotlib")
    def test_several_runs_share_their_plots(self):
        printed = self.plot("one", "two", "plain", "mean", "-o", "both").stdout.split()
        self.assertEqual(printed, ["both/loss.png", "both/valid_mse.png"])
        printed = self.plot("one", "two").stdout.split()
        self.assertEqual([os.path.relpath(path, self.dir.resolve()) for path in printed], ["plots/loss.png", "plots/valid_mse.png"])


if __name__ == "__main__":
    support.main()
