"""Cross-validation: what the folds are, what is made of their figures, and that it is the same however it runs."""

import contextlib
import json
import os
import pathlib
import signal
import time
import unittest

import numpy as np

import support

DATA = pathlib.Path(os.environ.get("LATENT_SHARED_DATA") or support.ROOT.parent / "shared/data")
ROWS = support.random_rows(40, 30, 500)
TIMES = ("fit_seconds", "test_seconds")


class Crossval(support.Case):
    def crossval(self, *words, config="config.json", sets=()):
        """What --json prints."""
        return json.loads(self.latent("crossval", config, *words, "--json", *support.set_options(sets)).stdout)

    def figures(self, told):
        """All but the timings."""
        return [{name: value for name, value in fold.items() if name not in TIMES} for fold in told["folds"]]

    def write(self, name, rows):
        support.write_rows(self.dir / name, rows)
        return f"data.path={name}"


class Folds(Crossval):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        support.write_rows(cls.dir / "d.csv", ROWS)
        support.write_config(cls.dir / "config.json", data="d.csv", model={"name": "svd", "factors": 4}, train={"epochs": 5}, eval={"k": [3]})
        support.write_config(cls.dir / "mean.json", data="d.csv", model={"name": "mean"})
        for n, at in ((1, 250), (2, 350)):
            support.write_rows(cls.dir / f"{n}.train.csv", ROWS[: at - 50])
            support.write_rows(cls.dir / f"{n}.test.csv", ROWS[at - 50:])

    def test_folds_differ_by_one_row_at_most(self):
        path = self.write("one.csv", [("u0", "i0", 1), *((f"u{n}", f"i{n}", 0) for n in range(1, 23))])
        for folds in (5, 23):
            errors = [fold["mse"] for fold in self.crossval("--folds", folds, config="mean.json", sets=[path])["folds"]]
            # The fold with the 1, of n rows, has mse 1 / n; in another one the mean of the 23 - n other rows is all of the error.
            sizes = [1 / max(errors) if error == max(errors) else 23 - 1 / np.sqrt(error) for error in errors]
            expected = [23 // folds + (n < 23 % folds) for n in range(folds)]
            np.testing.assert_allclose(sizes, expected, rtol=1e-4)

    def test_every_row_is_tested_once_on_all_the_others(self):
        ratings = 1.7 ** np.arange(9)
        path = self.write("nine.csv", [(f"u{n}", f"i{n}", r) for n, r in enumerate(ratings)])
        errors = [fold["rmse"] for fold in self.crossval("--folds", 9, config="mean.json", sets=[path])["folds"]]
        left_out = np.abs(ratings - (ratings.sum() - ratings) / 8)
        np.testing.assert_allclose(np.sort(errors), np.sort(left_out), rtol=1e-5)

    def test_mean_and_deviation_are_those_of_the_folds(self):
        told = self.crossval("--folds", 4, sets=["model.name=ials", "eval.metrics=all"])
        self.assertEqual(len(told["folds"]), 4)
        self.assertTrue({"rmse", "ndcg@3", *TIMES} <= set(told["mean"]))
        self.assertEqual(set(told["mean"]), set(told["sd"]))
        for name, mean in told["mean"].items():
            values = [fold[name] for fold in told["folds"]]
            np.testing.assert_allclose([mean, told["sd"][name]], [np.mean(values), np.std(values, ddof=1)], rtol=1e-9, atol=1e-15)
        self.assertGreater(told["sd"]["ndcg@3"], 0)
        lines = self.latent("crossval", "config.json", "--folds", "4", "--set", "model.name=ials").stdout.splitlines()
        self.assertEqual(lines[0].split(), ["fold", "1", "fold", "2", "fold", "3", "fold", "4", "mean", "sd"])
        table = {line.split()[0]: line.split()[1:] for line in lines[1:]}
        expected = [*(fold["ndcg@3"] for fold in told["folds"]), told["mean"]["ndcg@3"], told["sd"]["ndcg@3"]]
        self.assertEqual(table["ndcg@3"], [f"{value:.4f}" for value in expected])

    def test_the_split_seed_alone_chooses_the_folds_and_nothing_is_left_behind(self):
        before = {path for path in self.dir.rglob("*") if "cache" not in path.parts}
        told = [self.figures(self.crossval("--folds", 3, config="mean.json", sets=sets))
                for sets in ([], ["train.seed=5", "split.test=0.5"], ["split.seed=5"])]
        self.assertEqual(told[0], told[1])
        self.assertNotEqual(told[0], told[2])
        self.assertEqual({path for path in self.dir.rglob("*") if "cache" not in path.parts}, before)

    def test_folds_of_files_are_trainings_on_them(self):
        files = "1.train.csv,1.test.csv,2.train.csv,2.test.csv"
        sets = ["split.valid=0.1", "eval.metrics=all"]
        folds = self.figures(self.crossval("--fold-files", files, sets=sets))
        self.assertEqual(len(folds), 2)
        for n, fold in enumerate(folds, 1):
            self.train("run", *sets, "split.kind=files", f"data.path={n}.train.csv", f"data.test_path={n}.test.csv", flags=["--overwrite"])
            test = self.json("run/metrics.json")["test"]
            self.assertEqual(fold, {name: value for name, value in test.items() if name != "interactions" and not name.startswith("popularity")})

    def test_early_stopping_takes_a_validation_part_off_each_fold(self):
        sets = ["train.epochs=300", "train.lr=0.05"]
        patient = self.figures(self.crossval("--folds", 3, sets=[*sets, "train.patience=2", "split.valid=0.2"]))
        overfit = self.figures(self.crossval("--folds", 3, sets=sets))
        self.assertLess(max(fold["mse"] for fold in patient), min(fold["mse"] for fold in overfit))

    def test_any_number_of_jobs_gives_the_same_figures(self):
        for model, many in (("svd", 2), ("ials", 9)):
            alone, together = (self.figures(self.crossval("--folds", 4, "--jobs", jobs, sets=[f"model.name={model}"])) for jobs in (1, many))
            self.assertEqual(together, alone)

    @contextlib.contextmanager
    def piped(self, name, jobs, *sets):
        """A run whose folds' training files are named pipes: each shows that its fold has begun, and holds it there until it is fed."""
        pipes = [f"{name}-{n}.pipe" for n in (1, 2)]
        for pipe in pipes:
            os.mkfifo(self.dir / pipe)
        files = f"{pipes[0]},1.test.csv,{pipes[1]},2.test.csv"
        process = self.start("crossval", "config.json", "--fold-files", files, "--jobs", jobs, "--json",
                             *support.set_options(["data.cache_dir=none", *sets]))
        try:
            yield process, pipes
        finally:
            process.kill()
            process.communicate()

    def reader_of(self, pipe):
        """A descriptor to feed the pipe with, or None while nobody reads it."""
        try:
            return os.open(self.dir / pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            return None

    def wait_for(self, process, pipe):
        deadline = time.monotonic() + 60
        while (reader := self.reader_of(pipe)) is None:
            self.assertIsNone(process.poll(), "it ended before it read its data")
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.005)
        return reader

    def feed(self, reader, name):
        os.set_blocking(reader, True)
        with os.fdopen(reader, "wb") as file:
            file.write((self.dir / name).read_bytes())

    def test_folds_run_at_the_same_time_only_when_asked(self):
        expected = self.figures(self.crossval("--fold-files", "1.train.csv,1.test.csv,2.train.csv,2.test.csv"))
        for jobs in (1, 2):
            with self.piped(f"jobs{jobs}", jobs) as (process, pipes):
                first = self.wait_for(process, pipes[0])
                if jobs == 2:
                    second = self.wait_for(process, pipes[1])
                else:
                    time.sleep(0.2)
                    self.assertIsNone(self.reader_of(pipes[1]), "the second fold has begun before the first has its data")
                self.feed(first, "1.train.csv")
                self.feed(second if jobs == 2 else self.wait_for(process, pipes[1]), "2.train.csv")
                out, err = process.communicate(timeout=60)
                self.assertEqual(process.returncode, 0, err)
                self.assertEqual(self.figures(json.loads(out)), expected)

    def test_an_interrupt_ends_all_folds(self):
        with self.piped("interrupted", 2, "train.epochs=2000000") as (process, pipes):
            for n, pipe in enumerate(pipes, 1):
                self.feed(self.wait_for(process, pipe), f"{n}.train.csv")
            time.sleep(0.5)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
            self.assertEqual((process.returncode, out), (130, ""))
            self.assertRegex(err, r"^latent: interrupted after epoch \d+ of 2000000\n$")

    def test_mistakes_get_one_line(self):
        pair = "1.train.csv,1.test.csv"
        for code, text, *words in [
            (2, r"^--folds must be at least 2$", "--folds", "1"),
            (2, r"^--fold-files takes pairs TRAIN,TEST, not 3 files$", "--fold-files", pair + ",2.train.csv"),
            (2, r"^--folds and --fold-files do not go together$", "--folds", "2", "--fold-files", pair),
            (2, r"^--jobs must be from 1 to 1024$", "--jobs", "0"),
            (1, r"^none\.csv: cannot open: No such file", "--fold-files", pair + ",2.train.csv,none.csv", "--jobs", "2"),
            (1, r"^--folds 501 needs at least as many rows; d\.csv has 500$", "--folds", "501"),
            (1, r"^epoch \d+: the objective is not finite .*lower train\.lr", "--folds", "3", "--jobs", "2", "--set", "train.lr=1e3"),
            (1, r"^train\.patience needs a validation part", "--folds", "3", "--set", "train.patience=2", "--set", "split.valid=0"),
        ]:
            with self.subTest(words):
                self.assertRegex(self.complaint("crossval", "config.json", *words, code=code), text)
        self.assertIn("missing CONFIG", self.complaint("crossval", "--folds", "3", code=2))


@unittest.skipUnless(DATA.is_dir(), f"no real data at {DATA}")
class MovieLens(Crossval):
    def setUp(self):
        support.write_config(self.dir / "config.json", data=DATA / "ml-100k/u.data")
        self.files = ",".join(f"{DATA}/ml-100k/u{fold}.{part}" for fold in (1, 2) for part in ("base", "test"))

    def test_the_baseline_has_surprises_errors(self):
        folds = self.crossval("--fold-files", self.files, "--jobs", 2, sets=["model.name=baseline"])["folds"]
        # Surprise 1.1.5, BaselineOnly() on the folds u1 and u2
        for fold, rmse, mae in zip(folds, (0.95994383, 0.94765158), (0.76158334, 0.74939861), strict=True):
            self.assertAlmostEqual(fold["rmse"], rmse, delta=1e-6)
            self.assertAlmostEqual(fold["mae"], mae, delta=1e-6)

    def test_svd_has_surprises_error_in_both_modes(self):
        means = {}
        for exact in ("true", "false"):
            means[exact] = self.crossval("--fold-files", self.files, sets=["model.name=svd", f"train.exact={exact}", "split.valid=0"])["mean"]
            # Surprise 1.1.5, SVD(random_state=0..2) on u1 and u2: rmse .9529 and .9409, mae .7512 and .7396
            self.assertAlmostEqual(means[exact]["rmse"], 0.9469, delta=0.002)
            self.assertAlmostEqual(means[exact]["mae"], 0.7454, delta=0.002)
        self.assertAlmostEqual(means["true"]["rmse"], means["false"]["rmse"], delta=0.002)

    def test_five_folds_reach_what_surprise_publishes(self):
        for model, rmse, mae in (("svd", 0.934, 0.737), ("baseline", 0.944, 0.748)):  # Surprise's README
            mean = self.crossval("--folds", 5, sets=[f"model.name={model}", "split.valid=0"])["mean"]
            self.assertAlmostEqual(mean["rmse"], rmse, delta=0.002)
            self.assertAlmostEqual(mean["mae"], mae, delta=0.002)


if __name__ == "__main__":
    support.main()
