"""latent compare: settings as rows, differences with intervals and tests, and what cannot be compared."""

import csv
import io
import json
import os
import shutil
import statistics

import numpy as np

import support

ROWS = support.random_rows(200, 60, 6000)


class Compare(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        case = cls()
        support.write_rows(cls.dir / "d.csv", ROWS)
        support.write_config(cls.dir / "config.json", data="d.csv", split={"test": 0.25}, model={"factors": 3, "init_std": 0.05},
                             train={"steps": 60, "batch_size": 2000, "lr": 0.05, "lambda": 1e-4})
        for seed in range(3):
            case.train(f"good{seed}", f"train.seed={seed}")
            case.train(f"short{seed}", f"train.seed={seed}", "train.steps=8")
        case.train("mean", "model.name=mean", "model.factors=5", "model.init_std=0.001", "train.steps=100", "train.batch_size=50000", "train.lr=0.1",
                   "train.lambda=1e-5")
        support.write_config(cls.dir / "r.json", data="d.csv", split={"test": 0.25}, model={"name": "ials", "factors": 3}, train={"epochs": 4})
        case.train("ials0", config="r.json")
        case.train("ials1", "train.seed=1", config="r.json")
        case.train("wide0", "model.factors=8", config="r.json")

    GOOD, SHORT = [f"good{n}" for n in range(3)], [f"short{n}" for n in range(3)]

    def compared(self, *words):
        return json.loads(self.latent("compare", *words, "--json").stdout)

    def figures(self, runs, metric):
        return [self.json(f"{run}/metrics.json")["test"][metric] for run in runs]

    def per_user(self, run):
        with np.load(self.dir / run / "per_user.npz") as file:
            return {name: file[name] for name in file.files}

    def test_runs_that_differ_in_seed_alone_are_one_row_with_mean_and_sample_sd(self):
        rows = self.compared("short1", "good2", "mean", "good0", "short0", "good1", "short2")["rows"]
        self.assertEqual([(row["name"], row["model"], row["seeds"], row["n"]) for row in rows],
                         [("good0", "latent_factor", [0, 1, 2], 3), ("short0", "latent_factor", [0, 1, 2], 3), ("mean", "mean", [0], 1)])
        for row, runs in zip(rows, (self.GOOD, self.SHORT, ["mean"])):
            self.assertEqual(row["runs"], runs)
            for metric in ("rmse", "mae"):
                values, told = self.figures(runs, metric), row["metrics"][metric]
                self.assertEqual(told["values"], values)
                self.assertAlmostEqual(told["mean"], statistics.mean(values), places=12)
                if len(values) > 1:
                    self.assertAlmostEqual(told["sd"], statistics.stdev(values), places=12)
                else:
                    self.assertIsNone(told["sd"])
        self.assertEqual([row["knobs"].get("train.steps") for row in rows], [60, 8, None])

    def test_what_no_training_reads_makes_no_other_row(self):
        self.train("good7", "train.seed=7", "train.threads=1", "export.auto=false", "checkpoint.every=7", "eval.k=[3]")
        rows = self.compared("good0", "good7", "mean")["rows"]
        self.assertEqual([row["n"] for row in rows], [2, 1])

    def test_the_best_is_the_reference_and_wins_where_it_is_told_apart_from_all_others(self):
        result = self.compared(*self.GOOD, *self.SHORT, "mean")
        for metric in result["metrics"]:
            best, *others = (row["metrics"][metric] for row in result["rows"])
            self.assertEqual((best["reference"], best["winner"], best["difference"]), (True, True, None))
            for other in others:
                d = other["difference"]
                self.assertAlmostEqual(d["mean"], other["mean"] - best["mean"], places=12)
                self.assertTrue(0 < d["interval"][0] < d["mean"] < d["interval"][1], d)
                self.assertTrue(d["p"] <= d["p_holm"] < 0.05, d)
                self.assertGreater(d["rank_biserial"], 0)
                self.assertEqual(d["verdict"], "worse")
                self.assertFalse(other["winner"])

    def test_holms_correction_is_over_every_difference_shown(self):
        result = self.compared(*self.GOOD, *self.SHORT, "mean")
        p = sorted((row["metrics"][name]["difference"]["p"], row["metrics"][name]["difference"]["p_holm"])
                   for row in result["rows"] for name in result["metrics"] if row["metrics"][name]["difference"])
        self.assertEqual(len(p), 4)
        least = 0
        for n, (raw, adjusted) in enumerate(p):
            least = max(least, min(1, (4 - n) * raw))
            self.assertAlmostEqual(adjusted, least, delta=1e-12)

    def test_users_differences_are_of_their_means_over_seeds(self):
        # The rank-biserial correlation from the files themselves.
        result = self.compared(*self.GOOD, *self.SHORT, "--metric", "rmse")
        sides = [np.mean([self.per_user(run)["squared_error"] / self.per_user(run)["count"] for run in runs], axis=0)
                 for runs in (self.SHORT, self.GOOD)]
        d = sides[0] - sides[1]
        ranks = np.empty(len(d))
        ranks[np.argsort(np.abs(d))] = np.arange(1, len(d) + 1)
        told = result["rows"][1]["metrics"]["rmse"]["difference"]
        self.assertEqual(told["users"], len(d))
        self.assertAlmostEqual(told["rank_biserial"], (ranks * np.sign(d)).sum() / ranks.sum(), places=9)

    def test_a_setting_under_other_seeds_is_not_told_apart_from_itself(self):
        for seed in (3, 4, 5):
            self.train(f"again{seed}", f"train.seed={seed}", "train.lr=0.05000000005")
        result = self.compared(*self.GOOD, "again3", "again4", "again5")
        self.assertEqual([row["n"] for row in result["rows"]], [3, 3])
        for name in result["metrics"]:
            self.assertEqual(result["rows"][0]["metrics"][name]["winner"] or result["rows"][1]["metrics"][name]["winner"], False)

    def test_base_is_what_others_are_compared_with(self):
        result = self.compared(*self.GOOD, *self.SHORT, "mean", "--base", "short1", "--metric", "rmse")
        self.assertEqual(result["base"], "short0")
        good, short, mean = (row["metrics"]["rmse"] for row in result["rows"])
        self.assertEqual((good["difference"]["verdict"], short["reference"], short["winner"], mean["difference"]["verdict"]),
                         ("better", True, False, "worse"))

    def test_rankings_are_compared_by_their_main_metrics(self):
        result = self.compared("ials0", "ials1", "wide0")
        self.assertEqual(result["metrics"], ["ndcg@10", "recall@10"])
        d = [row["metrics"]["ndcg@10"]["difference"] for row in result["rows"]]
        users = np.isfinite(self.per_user("ials0")["ndcg@10"]).sum()
        self.assertEqual(next(one for one in d if one)["users"], users)
        best = max(statistics.mean(self.figures(runs, "ndcg@10")) for runs in (["ials0", "ials1"], ["wide0"]))
        self.assertAlmostEqual(result["rows"][0]["metrics"]["ndcg@10"]["mean"], best, places=12)

    def test_auc_is_tested_and_figures_of_lists_are_shown_alone(self):
        done = self.latent("compare", "ials0", "wide0", "--metric", "auc", "--metric", "coverage@10", "--json")
        rows = json.loads(done.stdout)["rows"]
        self.assertTrue(any(row["metrics"]["auc"]["difference"] for row in rows))
        self.assertFalse(any(row["metrics"]["coverage@10"]["difference"] or row["metrics"]["coverage@10"]["reference"] for row in rows))
        self.assertIn("coverage@10 is not judged user by user, so its differences are not tested", done.stderr)

    def test_one_seed_a_side_is_said_to_tell_little(self):
        done = self.latent("compare", "ials0", "wide0")
        self.assertIn("with one seed on either side", done.stderr)
        self.assertNotIn("one seed", self.latent("compare", "ials0", "ials1", "wide0").stderr)

    def test_the_output_is_the_same_whenever_it_is_asked_for(self):
        for flags in ([], ["--json"], ["--csv"], ["--latex"]):
            one, other = (self.latent("compare", *self.GOOD, *self.SHORT, *flags).stdout for _ in range(2))
            self.assertEqual(one, other)

    def test_the_table_marks_the_winner_and_shows_what_settings_cost(self):
        lines = self.latent("compare", *self.GOOD, *self.SHORT).stdout.splitlines()
        self.assertRegex(lines[0], r"^rmse, \d+ users$")
        self.assertEqual(lines[1].split(), ["run", "model", "seeds", "mean", "±", "sd", "difference", "95", "%", "interval", "p", "(Holm)",
                                            "rank-biserial"])
        rmse = statistics.mean(self.figures(self.GOOD, "rmse"))
        self.assertRegex(lines[2], rf"^\*  good0 +latent_factor +3 +{rmse:.4f} ± 0\.\d{{4}}  reference$")
        self.assertRegex(lines[3], r"^   short0 +latent_factor +3 .*  \+0\.\d{4} +\[\+0\.\d{4}, \+0\.\d{4}\] +<0\.0001 +\+[01]\.\d\d +worse$")
        self.assertRegex(lines[-3], r"run +training +peak memory +parameters +a list of 10 +knobs that differ")
        self.assertRegex(lines[-2], r"good0 +\d+\.\d\d s +\d+ MB +1041 +\d+\.\d{3} ms +train\.steps=60$")

    def test_csv_has_a_line_for_each_setting_and_metric(self):
        result = self.compared(*self.GOOD, *self.SHORT)
        rows = list(csv.DictReader(io.StringIO(self.latent("compare", *self.GOOD, *self.SHORT, "--csv").stdout)))
        self.assertEqual([(row["run"], row["metric"]) for row in rows], [(run, metric) for run in ("good0", "short0") for metric in ("rmse", "mae")])
        for row in rows:
            told = next(one for one in result["rows"] if one["name"] == row["run"])["metrics"][row["metric"]]
            self.assertEqual((float(row["mean"]), float(row["sd"]), row["winner"] == "true"), (told["mean"], told["sd"], told["winner"]))
            if told["difference"]:
                self.assertEqual([float(row[key]) for key in ("difference", "low", "high", "p_holm")],
                                 [told["difference"]["mean"], *told["difference"]["interval"], told["difference"]["p_holm"]])

    def test_latex_is_a_tabular_with_the_winner_in_bold(self):
        shutil.copytree(self.dir / "good0", self.dir / "a_b%1")
        text = self.latent("compare", "a_b%1", "good1", *self.SHORT, "--latex").stdout
        self.assertTrue(text.startswith("\\begin{tabular}{llrcc}\n"), text)
        self.assertIn("\\end{tabular}", text)
        self.assertRegex(text, r"a\\_b\\%1 & latent\\_factor & 2 & \\boldmath\$0\.\d{4} \\pm 0\.\d{4}\$\\unboldmath")
        self.assertRegex(text, r"short0 & latent\\_factor & 3 & \$1?\d?\.?\d+.*\^\\dagger")

    def test_a_sweep_stands_for_its_winner(self):
        support.write_config(self.dir / "sweep.json", data="d.csv", split={"test": 0.25, "valid": 0.1}, model={"factors": 2},
                             train={"steps": 30, "batch_size": 2000}, sweep={"over": {"train.lr": [0.05, 0.0001]}, "search": "grid", "seeds": 2})
        self.latent("sweep", "sweep.json", "--run-dir", "tuned")
        result = self.compared("tuned", "tuned/winner", "mean")
        row = next(row for row in result["rows"] if row["name"] == "tuned")
        self.assertEqual(row["runs"], ["tuned/winner", "tuned/winner-seed1"])

    def test_runs_of_another_machine_are_compared_by_their_files_alone(self):
        os.makedirs(self.dir / "elsewhere")
        for run in [*self.GOOD, *self.SHORT]:
            os.makedirs(self.dir / "elsewhere" / run)
            for name in ("config.json", "metrics.json", "per_user.npz"):
                shutil.copy(self.dir / run / name, self.dir / "elsewhere" / run)
            config = self.json(f"elsewhere/{run}/config.json")
            config["data"]["path"] = "/nowhere/d.csv"
            (self.dir / f"elsewhere/{run}/config.json").write_text(json.dumps(config))
        there = self.compared(*(f"elsewhere/{run}" for run in [*self.GOOD, *self.SHORT]))
        here = self.compared(*self.GOOD, *self.SHORT)
        for one, other in zip(here["rows"], there["rows"]):
            self.assertEqual(one["metrics"], other["metrics"])

    def test_runs_without_figures_of_users_are_shown_untested(self):
        for run in ("old0", "old1"):
            shutil.copytree(self.dir / "good0", self.dir / run)
            (self.dir / run / "per_user.npz").unlink()
        config = self.json("old1/config.json")
        config["train"]["lr"] = 0.06
        (self.dir / "old1/config.json").write_text(json.dumps(config))
        done = self.latent("compare", "old0", "old1", "--json")
        for row in json.loads(done.stdout)["rows"]:
            self.assertIsNone(row["metrics"]["rmse"]["difference"])
            self.assertFalse(row["metrics"]["rmse"]["winner"])
        self.assertIn("old0: has no per_user.npz", done.stderr)
        self.assertIn("latent train --resume old1", done.stderr)

    def test_a_run_that_went_on_after_its_figures_were_made_is_said_to(self):
        shutil.copytree(self.dir / "good0", self.dir / "going")
        metrics = self.json("going/metrics.json")
        metrics["train"]["steps"] = 30
        (self.dir / "going/metrics.json").write_text(json.dumps(metrics))
        self.assertIn("going: was trained on after its figures were made", self.latent("compare", "going", "mean").stderr)

    def test_a_leaked_run_cannot_win(self):
        self.train("leaky", "train.rows=all", "train.steps=200")
        done = self.latent("compare", "leaky", "mean", "--json")
        rows = {row["name"]: row for row in json.loads(done.stdout)["rows"]}
        self.assertTrue(rows["leaky"]["leaked"])
        self.assertLess(rows["leaky"]["metrics"]["rmse"]["mean"], rows["mean"]["metrics"]["rmse"]["mean"])
        self.assertFalse(rows["leaky"]["metrics"]["rmse"]["winner"])
        self.assertIn("leaky: was trained on rows of the test part", done.stderr)

    def test_seeds_alone_are_one_row_with_nothing_beside_it(self):
        done = self.latent("compare", *self.GOOD, "--json")
        rows = json.loads(done.stdout)["rows"]
        self.assertEqual([row["n"] for row in rows], [3])
        self.assertIn("all runs are one setting", done.stderr)

    def test_the_example_works_as_written(self):
        example = self.latent("compare", "--help").stdout.split("Example:\n  latent ")[1].split()
        os.makedirs(self.dir / "runs", exist_ok=True)
        for name, run in (("svd-1", "good0"), ("svd-2", "good1"), ("baseline", "mean")):
            shutil.copytree(self.dir / run, self.dir / "runs" / name)
        self.assertIn("rmse", self.latent(*example).stdout)


class BadInput(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        case = cls()
        support.write_rows(cls.dir / "d.csv", ROWS)
        support.write_rows(cls.dir / "other.csv", ROWS[:-1])
        support.write_config(cls.dir / "config.json", data="d.csv", split={"test": 0.25, "valid": 0.1}, model={"factors": 2}, train={"steps": 3})
        for name, sets in {"a": [], "seed": ["split.seed=1"], "share": ["split.test=0.3"], "data": ["data.path=other.csv"], "few": ["data.min_user=3"],
                           "kind": ["split.kind=per_user"], "valid": ["split.valid=0.2"], "untested": ["split.test=0"],
                           "rankings": ["eval.metrics=ranking"], "masked": ["eval.metrics=ranking", "eval.mask=train", "train.seed=1"],
                           "refit": ["train.refit=true", "train.patience=2"], "whole": ["split.valid=0"]}.items():
            case.train(name, *sets)
        support.write_config(cls.dir / "sweep.json", data="d.csv", split={"test": 0.25, "valid": 0.1}, train={"steps": 2},
                             sweep={"over": {"train.lr": [0.1, 0.01]}, "search": "grid"})
        case.latent("sweep", "sweep.json", "--run-dir", "begun")
        shutil.rmtree(cls.dir / "begun/winner")

    def told(self, *words, code=1):
        return self.complaint("compare", *words, code=code)

    def test_runs_of_other_splits_or_data_are_refused_with_the_difference_named(self):
        for run, difference in {"seed": "split.seed is 0 in the one and 1 in the other", "share": "split.test is 0.25 in the one and 0.3 in the other",
                                "few": "data.min_user is 0 in the one and 3 in the other",
                                "kind": 'split.kind is "random" in the one and "per_user" in the other',
                                "valid": "split.valid is 0.1 in the one and 0.2 in the other",
                                "whole": "split.valid is 0.1 in the one and 0.0 in the other"}.items():
            with self.subTest(run):
                self.assertEqual(self.told("a", run), f"a and {run} cannot be compared: {difference}")
        self.assertRegex(self.told("a", "data"), r"^a and data cannot be compared: other data: data\.path 'd\.csv' \(data_crc32 [0-9a-f]{8}\) in the one "
                                                 r"and 'other\.csv' \([0-9a-f]{8}\) in the other$")

    def test_runs_that_were_trained_on_all_but_the_test_part_are_comparable_however_that_came(self):
        self.assertIn("rmse", self.latent("compare", "refit", "whole").stdout)
        self.assertIn("split.valid", self.told("refit", "a", "whole"))

    def test_rankings_by_other_rules_are_refused(self):
        self.assertEqual(self.told("rankings", "masked"),
                         'rankings and masked cannot be compared: eval.mask is "train_valid" in the one and "train" in the other')

    def test_what_is_no_run_or_not_ready_is_one_line(self):
        shutil.copytree(self.dir / "a", self.dir / "cut")
        (self.dir / "cut/metrics.json").unlink()
        shutil.copytree(self.dir / "a", self.dir / "torn")
        (self.dir / "torn/metrics.json").write_text('{"test": {')
        (self.dir / "empty").mkdir()
        for words, told in [(["a", "none"], "none: no such run directory"), (["a", "d.csv"], "d.csv: no such run directory"),
                            (["a", "empty"], "empty: not a run of latent (no config.json)"),
                            (["a"], "a: a run alone has nothing to be compared with; give another one, or more"),
                            (["a", "a/"], "a: a run alone has nothing to be compared with; give another one, or more"),
                            (["a", "cut"], "cut: this run is not finished; go on with: latent train --resume cut"),
                            (["a", "torn"], "torn/metrics.json: damaged; make it anew with: latent train --resume torn"),
                            (["a", "untested"], "untested: has no test part, so there is nothing to compare"),
                            (["a", "begun"], "begun: this sweep has no winner yet; go on with: latent sweep --resume begun"),
                            (["a", "refit", "--base", "seed"], "--base seed is none of the runs that are compared; name it among them")]:
            with self.subTest(words):
                self.assertEqual(self.told(*words), told)
        self.assertIn("missing RUN|SWEEP...", self.told(code=2))
        self.assertIn("do not go together", self.told("a", "refit", "--json", "--csv", code=2))

    def test_a_metric_that_a_run_lacks_is_answered_with_those_that_all_have(self):
        self.assertEqual(self.told("a", "refit", "--metric", "rmsd"),
                         "a has no test metric 'rmsd' (all runs have mse, rmse, mae, rounded_mse, item_mean_mse); did you mean 'rmse'?")
        self.assertIn("'interactions' is no metric to compare by (all runs have ", self.told("a", "refit", "--metric", "interactions"))
        self.assertEqual(self.told("refit", "rankings"),
                         "the runs share no metric: refit and rankings were judged by others; train them with eval.metrics = all")
        self.assertIn("rankings has no test metric 'rmse'", self.told("refit", "rankings", "--metric", "rmse"))

    def test_the_same_seed_twice_is_refused(self):
        shutil.copytree(self.dir / "a", self.dir / "copy")
        self.assertEqual(self.told("a", "copy", "refit"),
                         "a and copy are the same setting with the same train.seed; leave one of them out")

    def test_damaged_figures_of_users_are_refused(self):
        whole = (self.dir / "a/per_user.npz").read_bytes()
        at = whole.index(b"squared_error.npy") + 200
        broken = {"short": whole[:len(whole) // 2], "empty": b"", "flipped": whole[:at] + bytes([whole[at] ^ 64]) + whole[at + 1:], "text": b"no zip" * 100}
        for name, content in broken.items():
            with self.subTest(name):
                shutil.copytree(self.dir / "a", self.dir / f"hurt-{name}")
                (self.dir / f"hurt-{name}/per_user.npz").write_bytes(content)
                self.assertIn(f"hurt-{name}/per_user.npz", self.told("refit", f"hurt-{name}"))

    def test_figures_of_users_that_are_others_than_those_of_metrics_json_are_refused(self):
        with np.load(self.dir / "a/per_user.npz") as file:
            arrays = {name: file[name] for name in file.files}
        remedy = "latent train --resume "
        for name, change, told in [
                ("sums", {"squared_error": arrays["squared_error"] * 1.01}, "/per_user.npz: its mse is not that of metrics.json; make both anew with: "),
                ("length", {"count": arrays["count"][1:]}, "/per_user.npz: count is "),
                ("order", {"user": arrays["user"][::-1]}, "/per_user.npz: its users do not ascend; make it anew with: "),
                ("nan", {"squared_error": arrays["squared_error"] * np.nan}, "/per_user.npz: squared_error holds a value that it cannot hold; "),
                ("count", {"count": arrays["count"] * 0}, "/per_user.npz: count holds a value that it cannot hold; ")]:
            with self.subTest(name):
                shutil.copytree(self.dir / "a", self.dir / f"odd-{name}")
                np.savez(self.dir / f"odd-{name}/per_user.npz", **{**arrays, **change})
                complaint = self.told("whole" if name == "none" else "refit", f"odd-{name}")
                self.assertIn(f"odd-{name}{told}", complaint)
                self.assertTrue(complaint.endswith(remedy + f"odd-{name}"), complaint)


if __name__ == "__main__":
    support.main()
