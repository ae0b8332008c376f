"""A sweep: the same table for any jobs, order or kill; trials do not see the test part; the winner is an ordinary run."""

import csv
import importlib.util
import json
import pathlib
import shutil
import signal
import sqlite3
import time
import unittest

import support

OVER = {"model.name": ["svd", "latent_factor"], "train.lr": {"log": [0.002, 0.1]},
        "model.factors": {"pow2": [2, 16]}, "svd.biased": [True, False]}
SWEEP = {"over": OVER, "search": "halving", "trials": 12, "seeds": 2, "metric": "rmse", "seed": 3}


class Sweep(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rows = support.random_rows(120, 60, 2500)
        support.write_rows(cls.dir / "d.csv", cls.rows)
        cls.write("config.json")
        cls.whole = cls().latent("sweep", "config.json", "--run-dir", "whole", "--json")
        cls.table = json.loads(cls.whole.stdout)

    @classmethod
    def write(cls, name, data="d.csv", sweep=SWEEP, train=(), **sections):
        config = {"split": {"test": 0.1, "valid": 0.1}, "model": {"name": "svd", "factors": 3},
                  "train": {"epochs": 27, **dict(train)}, "checkpoint": {"every": 4}, **sections}
        support.write_config(cls.dir / name, data=data, sweep=sweep, **config)

    def sweep(self, folder, *sets, config="config.json", flags=()):
        self.latent("sweep", config, "--run-dir", folder, *flags, *support.set_options(sets))
        return self.csv(folder)

    def csv(self, folder):
        return (self.dir / folder / "sweep.csv").read_bytes()

    def lines(self, folder):
        with open(self.dir / folder / "sweep.csv", newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def results(self, folder):
        """Rows of the table `results` so far."""
        try:
            with sqlite3.connect(f"file:{self.dir / folder}/sweep.sqlite?mode=ro", uri=True) as db:
                return db.execute("SELECT trial, seed, rung, steps, value FROM results").fetchall()
        except sqlite3.OperationalError:  # not there yet, or just being written
            return []

    def steps(self, run):
        return [line["step"] for line in self.log(run)]


class Table(Sweep):
    def test_is_the_same_for_any_number_of_jobs(self):
        self.assertEqual(self.sweep("jobs2", flags=["--jobs", "2"]), self.csv("whole"))

    def test_is_the_same_for_any_number_of_threads(self):
        self.assertEqual(self.sweep("threads", "train.threads=3"), self.csv("whole"))

    def test_has_every_trial_once_with_those_that_went_furthest_first(self):
        lines = self.lines("whole")
        self.assertEqual(sorted(int(line["trial"]) for line in lines), list(range(12)))
        self.assertEqual([int(line["rank"]) for line in lines], list(range(1, 13)))
        self.assertEqual([line["rung"] for line in lines], ["2"] * 4 + ["1"] * 8)
        for rung in "12":
            figures = [float(line["valid_rmse"]) for line in lines if line["rung"] == rung]
            self.assertEqual(figures, sorted(figures))
        self.assertEqual([line["seeds"] for line in lines], ["2"] * 4 + ["1"] * 8)

    def test_leaves_a_knob_that_a_trial_does_not_read_blank(self):
        models = set()
        for line in self.lines("whole"):
            models.add(line["model.name"])
            self.assertEqual(line["svd.biased"] == "", line["model.name"] == "latent_factor", line)
            self.assertNotEqual(line["train.lr"], "")
        self.assertEqual(models, {"svd", "latent_factor"})

    def test_has_the_config_itself_as_its_first_trial(self):
        first = next(line for line in self.lines("whole") if line["trial"] == "0")
        self.assertEqual([first[knob] for knob in OVER], ["svd", "0.005", "3", "true"])

    def test_has_the_figures_of_plain_training(self):
        self.sweep("grid", "sweep.search=random", "sweep.trials=3", "sweep.seeds=1")
        for line in self.lines("grid"):
            with self.subTest(line["trial"]):
                sets = [f"{knob}={line[knob]}" for knob in OVER if line[knob]]
                self.train(f"plain{line['trial']}", *sets)
                valid = self.json(f"plain{line['trial']}/metrics.json")["valid"]
                self.assertEqual(float(line["valid_rmse"]), valid["rmse"])

    def test_does_not_depend_on_the_test_part(self):
        # The rows of the test part are those that a run of the same split predicts.
        self.train("split", "train.epochs=1")
        self.latent("evaluate", "split", "--predictions", "test.csv")
        with open(self.dir / "test.csv", newline="", encoding="utf-8") as file:
            held_out = {(row["user"], row["item"]) for row in csv.DictReader(file)}
        self.assertEqual(len(held_out), 250)
        support.write_rows(self.dir / "other.csv",
                           [(u, i, (r + 3) % 6 if (u, i) in held_out else r) for u, i, r in self.rows])
        self.write("other.json", data="other.csv")
        self.assertEqual(self.sweep("other", config="other.json"), self.csv("whole"))
        tests = [self.json(f"{folder}/winner/metrics.json")["test"]["rmse"] for folder in ("whole", "other")]
        self.assertNotEqual(*tests)

    def test_has_a_failed_trial_as_a_row_and_goes_on(self):
        self.write("fails.json", sweep={"over": {"train.lr": [0.01, 1e6]}, "search": "grid", "metric": "rmse"})
        self.sweep("fails", config="fails.json")
        last = self.lines("fails")[-1]
        self.assertEqual((last["state"], last["train.lr"], last["valid_rmse"]), ("failed", "1000000.0", ""))
        self.assertIn("not finite", last["error"])
        self.assertEqual([line["state"] for line in self.lines("fails")[:-1]], ["finished"] * 2)

    def test_of_trials_that_all_failed_is_an_error_with_the_first_ones_words(self):
        self.write("all.json", train={"lr": 1e7}, sweep={"over": {"train.lr": [1e6]}, "search": "grid"})
        self.assertRegex(self.complaint("sweep", "all.json", "--run-dir", "all"),
                         r"^all: every trial failed; trial 0 says: .*not finite")

    def test_is_printed_with_the_metric_beside_the_tuned_values(self):
        printed = self.latent("sweep", "--resume", "whole").stdout.splitlines()
        self.assertEqual(printed[0].split(), ["trial", "valid", "rmse", "rung", *OVER])
        self.assertEqual(len(printed), 1 + 12 + 1)
        self.assertRegex(printed[-1], r"^winner: trial \d+, test rmse \d\.\d{4} ± \d\.\d{4}$")


class Halving(Sweep):
    def test_computes_no_step_twice(self):
        for trial, seed, rung, steps, _ in self.results("whole"):
            run = f"whole/trials/{trial:04}" + (f"-seed{seed}" if seed else "")
            logged = self.steps(run)
            self.assertEqual(logged, list(range(1, len(logged) + 1)), run)
            self.assertGreaterEqual(len(logged), steps)
        reached = {rung: {steps for *_, r, steps, _ in self.results("whole") if r == rung} for rung in (0, 1)}
        self.assertEqual(reached, {0: {9}, 1: {27}})

    def test_keeps_no_checkpoints(self):
        self.assertEqual(list((self.dir / "whole/trials").glob("*/checkpoints/*.ckpt")), [])
        self.assertEqual(len(list((self.dir / "whole/trials").glob("*/config.json"))), 12 + 4)

    def test_models_without_passes_run_whole(self):
        self.write("mean.json", sweep={**SWEEP, "over": {**OVER, "model.name": ["mean", "svd"]}})
        self.sweep("mean", config="mean.json")
        self.assertIn("mean", {line["model.name"] for line in self.lines("mean")})

    def test_goes_on_under_early_stopping(self):
        self.write("early.json", train={"patience": 2})
        self.assertEqual(self.sweep("early", config="early.json"),
                         self.sweep("early2", config="early.json", flags=["--jobs", "2"]))
        config = self.json("early/winner/config.json")
        self.assertEqual(config["train"]["patience"], 0)
        self.assertLessEqual(config["train"]["epochs"], 27)


class Winner(Sweep):
    def test_is_the_first_line_and_is_run_for_each_seed(self):
        winner = self.table["winner"]
        self.assertEqual(winner["trial"], int(self.lines("whole")[0]["trial"]))
        self.assertEqual(winner["runs"], ["whole/winner", "whole/winner-seed1"])
        seeds = [self.json(f"{run}/config.json")["train"]["seed"] for run in winner["runs"]]
        self.assertEqual(seeds, [0, 1])
        rmse = [self.json(f"{run}/metrics.json")["test"]["rmse"] for run in winner["runs"]]
        self.assertAlmostEqual(winner["test"]["rmse"]["mean"], sum(rmse) / 2, places=12)
        self.assertAlmostEqual(winner["test"]["rmse"]["sd"], abs(rmse[0] - rmse[1]) / 2 ** 0.5, places=12)

    def test_has_the_test_metrics_of_plain_training_on_train_and_valid(self):
        shutil.copy(self.dir / "whole/winner/config.json", self.dir / "winner.json")
        self.train("again", config="winner.json")
        again, winner = (self.json(f"{run}/metrics.json") for run in ("again", "whole/winner"))
        self.assertEqual(again["test"], winner["test"])
        self.assertEqual(winner["valid"], {})
        self.assertEqual(winner["test"]["interactions"], 250)
        self.assert_same_tensors(*(support.model_tables(self.dir / run / "model.pt") for run in ("again", "whole/winner")))

    def test_is_a_run_like_any_other(self):
        self.assertIn("rmse", self.latent("evaluate", "whole/winner").stdout)
        self.latent("recommend", "whole/winner", "--user", "u1")
        self.latent("export", "whole/winner", "-o", "w.npz")

    def test_is_tested_once(self):
        before = (self.dir / "whole/winner/metrics.json").stat().st_mtime_ns
        self.latent("sweep", "--resume", "whole")
        self.assertEqual((self.dir / "whole/winner/metrics.json").stat().st_mtime_ns, before)

    def test_is_judged_by_the_sweeps_metric_though_its_model_has_others(self):
        self.write("rank.json", sweep={**SWEEP, "metric": "ndcg@7", "trials": 3})
        table = json.loads(self.latent("sweep", "rank.json", "--run-dir", "rank", "--json").stdout)
        self.assertIn("ndcg@7", table["winner"]["test"])

    def test_of_files_is_fitted_on_train_and_valid_together(self):
        for name, rows in (("a", self.rows[:2000]), ("b", self.rows[2000:2250]), ("c", self.rows[2250:])):
            support.write_rows(self.dir / f"{name}.csv", rows)
        self.write("files.json", data={"path": "a.csv", "valid_path": "b.csv", "test_path": "c.csv"},
                   split={"kind": "files"})
        self.sweep("files", config="files.json")
        support.write_rows(self.dir / "ab.csv", self.rows[:2250])
        shutil.copy(self.dir / "files/winner/config.json", self.dir / "joined.json")
        self.train("joined", "data.path=ab.csv", "data.test_path=c.csv", "data.user=user_id", "data.item=item_id",
                   config="joined.json")
        joined, winner = (self.json(f"{run}/metrics.json")["test"] for run in ("joined", "files/winner"))
        self.assertEqual(joined, winner)

    def test_of_leave_one_out_has_the_second_newest_rows_in_training(self):
        self.write("loo.json", split={"kind": "leave_one_out", "test": 0.1, "valid": 0.1})
        self.sweep("loo", config="loo.json")
        shutil.copy(self.dir / "loo/winner/config.json", self.dir / "loo-winner.json")
        self.train("loo-again", config="loo-winner.json")
        again, winner = (self.json(f"{run}/metrics.json")["test"] for run in ("loo-again", "loo/winner"))
        self.assertEqual(again, winner)


    def test_of_every_other_kind_of_split_has_the_test_part_and_figures_of_a_plain_run(self):
        timed = [(*row, 1_000_000 + 37 * n % 99991) for n, row in enumerate(self.rows)]
        (self.dir / "timed.csv").write_text(support.csv_text(timed, "user_id,item_id,rating,timestamp"))
        small = {"over": {"train.lr": {"log": [0.002, 0.1]}}, "search": "halving", "trials": 9, "metric": "rmse"}
        for name, split in (("time", {"kind": "time", "test": 0.1, "valid": 0.1}),
                            ("dates", {"kind": "time", "test_from": "1970-01-13 13:00:00", "valid_from": "1970-01-13 10:00:00"}),
                            ("newest", {"kind": "per_user", "order": "newest", "test": 0.2, "valid": 0.1}),
                            ("per_user", {"kind": "per_user", "test": 0.2, "valid": 0.1}),
                            ("k_fold", {"kind": "k_fold", "folds": 4, "fold": 3, "valid": 0.1})):
            with self.subTest(name):
                self.write(f"{name}.json", data="timed.csv", split=split, sweep=small)
                self.sweep(name, config=f"{name}.json")
                winner = self.json(f"{name}/winner/metrics.json")
                # The test part is that of a run of the sweep's own config, row for row.
                self.train(f"{name}-plain", "train.epochs=1", config=f"{name}.json")
                for run in (f"{name}-plain", f"{name}/winner"):
                    self.latent("evaluate", run, "--predictions", f"{run.replace('/', '-')}.csv")
                rows = [[line.rsplit(",", 1)[0] for line in (self.dir / f"{name}-{kind}.csv").read_text().splitlines()]
                        for kind in ("plain", "winner")]
                self.assertEqual(*rows)
                # Trained on all the others, it has the figures of a run with the winner's knobs and no validation part.
                shutil.copy(self.dir / f"{name}/winner/config.json", self.dir / f"{name}-knobs.json")
                self.train(f"{name}-again", config=f"{name}-knobs.json")
                self.assertEqual(self.json(f"{name}-again/metrics.json")["test"], winner["test"])
                self.assertEqual(winner["test"]["interactions"], len(rows[0]) - 1)
                self.assertEqual(winner["valid"], {})


class PerModel(Sweep):
    """sweep.per: a sweep for each value of a knob."""

    SECTION = {"per": "model.name", "over": {"model.name": ["popularity", "svd", "ials"], "train.lr": {"log": [0.002, 0.1]},
                                             "ials.reg": {"log": [0.001, 1]}},
               "search": "halving", "trials": 9, "seeds": 2, "metric": "ndcg@10", "seed": 3}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.write("per.json", sweep=cls.SECTION, train={"epochs": 9})
        cls.told = cls().latent("sweep", "per.json", "--run-dir", "per", "--json")

    def test_is_a_whole_sweep_for_each_value(self):
        for model in ("popularity", "svd", "ials"):
            lines = self.lines(f"per/{model}")
            self.assertEqual({line["model.name"] for line in lines}, {model})
            self.assertEqual(len(lines), 1 if model == "popularity" else 9)
        alone = {"over": {"train.lr": {"log": [0.002, 0.1]}}, "search": "halving", "trials": 9, "seeds": 2, "metric": "ndcg@10",
                 "seed": 3}
        self.write("alone.json", sweep=alone, train={"epochs": 9})
        self.sweep("alone", config="alone.json")
        columns = ("trial", "state", "valid_ndcg@10", "sd", "train.lr")
        of = lambda folder: [[line[name] for name in columns] for line in self.lines(folder)]
        self.assertEqual(of("per/svd"), of("alone"))

    def test_ranks_the_winners_by_validation_and_tests_each_once(self):
        table = json.loads(self.told.stdout)
        values = [winner["value"] for winner in table["winners"]]
        self.assertEqual(values, sorted(values, reverse=True))
        for winner, line in zip(table["winners"], self.lines("per")):
            self.assertEqual((winner["name"], winner["directory"]), (line["name"], f"per/{line['name']}"))
            runs = [self.json(f"{run}/metrics.json")["test"]["ndcg@10"] for run in winner["runs"]]
            self.assertEqual(len(runs), 2)
            self.assertAlmostEqual(float(line["test_ndcg@10"]), sum(runs) / 2, places=12)
        printed = self.latent("sweep", "--resume", "per").stdout.splitlines()
        self.assertEqual(printed[0].split(), ["winner", "valid", "ndcg@10", "test", "ndcg@10", "trials"])
        self.assertEqual([line.split()[0] for line in printed[1:]], [winner["name"] for winner in table["winners"]])

    def test_killed_goes_on_to_the_same_tables(self):
        for after in (0.3, 0.6, 1.2):
            words = ["per.json", "--run-dir", "cut"] if not (self.dir / "cut/sweep.json").exists() else ["--resume", "cut"]
            process = self.start("sweep", *words)
            time.sleep(after)
            process.kill()
            process.communicate(timeout=60)
        if not (self.dir / "cut/sweep.json").exists():
            self.skipTest("killed before it began, each time")
        self.latent("sweep", "--resume", "cut", "--jobs", "2")
        for folder in ("", "/svd", "/ials", "/popularity"):
            self.assertEqual(self.csv(f"cut{folder}"), self.csv(f"per{folder}"))

    def test_another_config_is_refused(self):
        self.assertEqual(self.complaint("sweep", "per.json", "--resume", "per", "--set", "sweep.trials=3"),
                         "'sweep.trials' is 9 in per and 3 now; go on with the sweep's own config, or start a new sweep")


class Kill(Sweep):
    def stopped(self, folder, how, after, *flags):
        """Starts or goes on with the sweep, and sends it `how` once `after` results stand."""
        first = not (self.dir / folder / "sweep.json").exists()
        process = self.start("sweep", *(["config.json", "--run-dir", folder] if first else ["--resume", folder]), *flags)
        deadline = time.monotonic() + 120
        while process.poll() is None and len(self.results(folder)) < after:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.001)
        process.send_signal(how)
        _, err = process.communicate(timeout=120)
        return process.returncode, err

    def test_killed_sweeps_go_on_to_the_same_table(self):
        for jobs in ("1", "2"):
            folder = f"killed{jobs}"
            killed = 0
            for after in (0, 1, 5, 11, 14, 18, 20):
                code, _ = self.stopped(folder, signal.SIGKILL, after, "--jobs", jobs)
                killed += code == -signal.SIGKILL
            self.assertGreaterEqual(killed, 4)
            if not (self.dir / folder / "sweep.json").exists():
                self.skipTest("killed before it began, each time")
            self.latent("sweep", "--resume", folder, "--jobs", jobs)
            self.assertEqual(self.csv(folder), self.csv("whole"))
            metrics = [self.json(f"{name}/winner-seed1/metrics.json")["test"] for name in (folder, "whole")]
            self.assertEqual(*metrics)
            for trial, seed, *_ in self.results(folder):
                run = f"trials/{trial:04}" + (f"-seed{seed}" if seed else "")
                self.assertEqual(self.steps(f"{folder}/{run}"), self.steps(f"whole/{run}"), run)

    def test_an_interrupted_sweep_names_the_command_that_goes_on(self):
        code, err = self.stopped("stopped", signal.SIGINT, 3)
        self.assertEqual(code, 128 + signal.SIGINT)
        self.assertTrue(err.endswith("latent: interrupted; checkpoints are written. Go on with: latent sweep --resume stopped\n"), err)
        self.latent("sweep", "--resume", "stopped")
        self.assertEqual(self.csv("stopped"), self.csv("whole"))

    def test_a_sweep_goes_on_from_another_folder(self):
        self.stopped("moved", signal.SIGKILL, 5)
        elsewhere = self.dir / "elsewhere"
        elsewhere.mkdir()
        done = support.subprocess.run(support.command("sweep", "--resume", "../moved"), cwd=elsewhere, capture_output=True,
                                      env=support.environment(self.dir), encoding="utf-8", timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.csv("moved"), self.csv("whole"))

    def test_two_processes_do_not_work_in_one_sweep(self):
        process = self.start("sweep", "config.json", "--run-dir", "busy", "--set", "train.epochs=3000")
        while process.poll() is None and not self.results("busy"):
            time.sleep(0.001)
        self.assertEqual(self.complaint("sweep", "--resume", "busy"),
                         "busy: another process is at work in it; wait for its end")
        process.kill()
        process.communicate(timeout=120)


class Journal(Sweep):
    @unittest.skipUnless(importlib.util.find_spec("optuna"), "optuna is not installed")
    def test_is_a_study_that_optuna_loads(self):
        import optuna
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        storage = JournalStorage(JournalFileBackend(str(self.dir / "whole/optuna.journal")))
        study = optuna.load_study(study_name="latent", storage=storage)
        lines = {int(line["trial"]): line for line in self.lines("whole")}
        self.assertEqual(study.best_trial.number, int(self.lines("whole")[0]["trial"]))
        self.assertEqual(len(study.trials), 12)
        for trial in study.trials:
            line = lines[trial.number]
            self.assertEqual(trial.state.name, {"finished": "COMPLETE", "stopped": "PRUNED"}[line["state"]])
            self.assertEqual(trial.value, float(line["valid_rmse"]))
            self.assertEqual({knob: str(value).lower() for knob, value in trial.params.items()},
                             {knob: line[knob] for knob in OVER if line[knob]})
        study.optimize(lambda trial: trial.suggest_float("train.lr", 0.002, 0.1, log=True), n_trials=1)
        self.assertEqual(len(study.trials), 13)  # Optuna's samplers go on from it

    @unittest.skipUnless(importlib.util.find_spec("optuna"), "optuna is not installed")
    def test_optunas_own_samplers_drive_training(self):
        words = [support.sys.executable, support.ROOT / "scripts/tune_optuna.py", "config.json", "--trials", "3", "--dir", "tuned",
                 "--program", str(pathlib.Path(support.PROGRAM).resolve())]
        done = support.subprocess.run(list(map(str, words)), cwd=self.dir, env=support.environment(self.dir), capture_output=True,
                                      encoding="utf-8", timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr)
        best = float(done.stdout.split()[2].rstrip(":"))
        for run in ("0000", "0001", "0002"):
            valid = [line["valid_rmse"] for line in self.log(f"tuned/{run}") if "valid_rmse" in line]
            self.assertGreaterEqual(min(valid) + 1e-6, best)

    def test_holds_a_record_a_line(self):
        records = [json.loads(line) for line in (self.dir / "whole/optuna.journal").read_text().splitlines()]
        self.assertEqual([record["op_code"] for record in records], [0, 2] + [4] * 12)


class BadInput(Sweep):
    def refused(self, sweep, **more):
        self.write("bad.json", sweep=sweep, **more)
        checked = self.latent("config", "check", "bad.json", code=1).stderr
        said = self.complaint("sweep", "bad.json", "--run-dir", "bad")
        self.assertEqual(checked, f"latent: {said}\n")
        self.assertFalse((self.dir / "bad").exists())
        return said

    def test_is_one_line_each(self):
        over = {"train.lr": [0.01, 0.02]}
        for sweep, pattern in (
                ({}, "^sweep.over is missing"),
                ({"over": {"train.lr": {"log": [0.1, 0.01]}}}, "has an empty range"),
                ({"over": {"model.name": ["bpr", "svd"]}, "metric": "rmse"}, "^sweep.metric = rmse needs a model of ratings"),
                ({"over": {"data.min_user": [0, 5]}}, "changes the rows that trials are judged on, so they are not comparable"),
                ({"over": {"split.test": [0.1, 0.2]}}, "not comparable"),
                ({"over": over, "metric": "ndgc"}, "is no metric"),
                ({"over": over, "extra": 1}, "unknown key 'sweep.extra'"),
                ({"over": over, "report": 1}, "^sweep.report must be true or false"),
                ({"over": over, "per": "model.name"}, "^sweep.per = 'model.name' needs the knob's list of values"),
                ({"over": {"model.name": ["svd", "ials"]}, "per": "model.name"}, "^sweep.metric is mse for svd and ndcg@10 for ials")):
            with self.subTest(pattern):
                self.assertRegex(self.refused(sweep), pattern)
        self.assertRegex(self.refused({"over": over}, split={"valid": 0}), "needs a validation part")

    def test_a_config_without_the_section_is_refused(self):
        support.write_config(self.dir / "none.json", data="d.csv")
        self.assertRegex(self.complaint("sweep", "none.json"), '^none.json: has no section "sweep"')

    def test_other_commands_pass_over_the_section(self):
        self.latent("config", "check", "config.json")
        self.train("passed", "train.epochs=1")
        self.assertNotIn("sweep", self.json("passed/config.json"))

    def test_a_folder_that_is_taken_is_refused(self):
        self.assertEqual(self.complaint("sweep", "config.json", "--run-dir", "whole"),
                         "whole: holds a sweep; go on with it by --resume whole, or choose another --run-dir")
        (self.dir / "taken").mkdir()
        (self.dir / "taken/note").write_text("mine")
        self.assertEqual(self.complaint("sweep", "config.json", "--run-dir", "taken"),
                         "taken: exists and is no empty folder; choose another --run-dir")
        self.assertEqual(self.complaint("sweep", "--resume", "taken"), "taken: no sweep is there (no sweep.json)")

    def test_another_config_is_refused_with_the_difference(self):
        self.assertEqual(self.complaint("sweep", "config.json", "--resume", "whole", "--set", "train.epochs=9"),
                         "'train.epochs' is 27 in whole and 9 now; go on with the sweep's own config, or start a new sweep")
        self.assertEqual(self.complaint("sweep", "config.json", "--resume", "whole", "--set", "sweep.seeds=3"),
                         "'sweep.seeds' is 2 in whole and 3 now; go on with the sweep's own config, or start a new sweep")
        self.latent("sweep", "config.json", "--resume", "whole")

    def copy_of_whole(self, name):
        shutil.copytree(self.dir / "whole", self.dir / name)
        return self.dir / name

    def test_other_data_is_refused(self):
        support.write_rows(self.dir / "grows.csv", self.rows)
        self.write("grows.json", data="grows.csv")
        self.sweep("grown", "sweep.trials=2", config="grows.json")
        support.write_rows(self.dir / "grows.csv", [*self.rows, ("u1", "new", 3)])
        self.assertRegex(self.complaint("sweep", "--resume", "grown"), r"^'data_crc32' is \"\w{8}\" in grown and \"\w{8}\" now")

    def test_a_damaged_database_is_one_line(self):
        for name, damage in (("text", lambda raw: b"no database at all" * 100), ("torn", lambda raw: raw[:5000]),
                             ("page", lambda raw: raw[:4096] + b"\xff" * 4096 + raw[8192:])):
            with self.subTest(name):
                path = self.copy_of_whole(f"damaged-{name}") / "sweep.sqlite"
                path.write_bytes(damage(path.read_bytes()))
                self.assertRegex(self.complaint("sweep", "--resume", f"damaged-{name}"),
                                 rf"^damaged-{name}/sweep.sqlite: damaged \(.*\); start a new sweep in another --run-dir$")

    def test_a_damaged_sweep_json_is_one_line(self):
        folder = self.copy_of_whole("torn")
        (folder / "sweep.json").write_text('{"sweep": ')
        self.assertEqual(self.complaint("sweep", "--resume", "torn"), "torn/sweep.json: damaged; start a new sweep")

    def test_a_full_disk_stops_the_sweep_and_is_no_result_of_a_trial(self):
        limit = "ulimit -f 40; trap '' XFSZ; exec "  # blocks of 512 or 1024 bytes: less than the database takes
        words = " ".join(support.command("sweep", "config.json", "--run-dir", "full", "--set", "data.cache_dir=none"))
        done = support.subprocess.run(["bash", "-c", limit + words], cwd=self.dir, env=support.environment(self.dir),
                                      capture_output=True, encoding="utf-8", timeout=300)
        self.assertEqual(done.returncode, 1, done.stderr)
        said = [line for line in done.stderr.splitlines() if line.startswith("latent: ")]
        self.assertEqual(len(said), 1, done.stderr)
        self.assertRegex(said[0], "full/.*cannot")
        self.latent("sweep", "--resume", "full")
        self.assertEqual(self.csv("full"), self.csv("whole"))


if __name__ == "__main__":
    support.main()
