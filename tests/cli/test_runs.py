"""latent runs: the table of a folder's runs, whole, unfinished and damaged ones."""

import csv
import io
import json
import os
import shutil

import support


class Runs(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        case = cls()
        support.write_rows(cls.dir / "d.csv", support.random_rows(40, 30, 500))
        support.write_config(cls.dir / "c.json", data="d.csv", split={"test": 0.2}, model={"factors": 3},
                             train={"steps": 6, "batch_size": 200}, checkpoint={"every": 2})
        case.train("runs/slow", "train.lr=0.01", config="c.json")
        case.train("runs/fast", "train.lr=0.2", config="c.json")
        case.train("runs/mean", "model.name=mean", "model.factors=5", "train.batch_size=50000", "train.steps=100", config="c.json")
        support.write_config(cls.dir / "i.json", data="d.csv", split={"test": 0.2}, model={"name": "ials", "factors": 3}, train={"epochs": 2})
        case.train("ranked/ials", config="i.json")
        shutil.copytree(cls.dir / "runs/slow", cls.dir / "ranked/lf")
        (cls.dir / "runs/notes").mkdir()
        (cls.dir / "runs/notes.txt").write_text("no run")

    def rows(self, *words):
        """{run: {column: cell}} of the CSV."""
        text = self.latent("runs", *words, "--csv").stdout
        return {row["run"]: row for row in csv.DictReader(io.StringIO(text))}

    def test_the_table_has_model_differing_knobs_metric_time_and_state_of_each_run(self):
        lines = self.latent("runs").stdout.splitlines()
        self.assertEqual(lines[0].split(), ["run", "model", "train.lr", "rmse", "when", "(UTC)", "state"])
        self.assertEqual([line.split()[0] for line in lines[1:]], ["fast", "mean", "slow"])
        rmse = self.json("runs/fast/metrics.json")["test"]["rmse"]
        self.assertRegex(lines[1], rf"^fast +latent_factor +0\.2 +{rmse:.4f}  20\d\d-\d\d-\d\d \d\d:\d\d  finished$")
        self.assertRegex(lines[2], r"^mean +mean +- ")

    def test_a_knob_is_a_column_where_it_differs_among_the_runs_that_read_it(self):
        listed = json.loads(self.latent("runs", "ranked", "--json").stdout)
        self.assertIn("checkpoint.every", listed["knobs"])
        self.assertIn("train.epochs", listed["knobs"])
        self.assertNotIn("train.lr", listed["knobs"], "one of the two reads it")
        self.assertNotIn("model.factors", listed["knobs"], "both have 3")
        self.assertNotIn("model.name", listed["knobs"], "it has a column anyway")

    def test_each_model_has_its_main_metric(self):
        rows = self.rows("ranked")
        self.assertEqual(float(rows["ials"]["ndcg@10"]), self.json("ranked/ials/metrics.json")["test"]["ndcg@10"])
        self.assertEqual(float(rows["lf"]["rmse"]), self.json("ranked/lf/metrics.json")["test"]["rmse"])
        self.assertEqual((rows["ials"]["rmse"], rows["lf"]["ndcg@10"]), ("", ""))

    def test_metric_chooses_another_and_sort_puts_the_best_first(self):
        rows = self.rows("--metric", "mae")
        self.assertEqual(float(rows["slow"]["mae"]), self.json("runs/slow/metrics.json")["test"]["mae"])
        self.assertNotIn("rmse", rows["slow"])
        for metric, sign in (("rmse", 1), ("baseline_mse", 1), ("interactions", -1)):
            with self.subTest(metric):
                figures = [sign * float(row[metric]) for row in self.rows("--sort", metric).values()]
                self.assertEqual(figures, sorted(figures))
        self.assertEqual(list(self.rows("ranked", "--sort", "ndcg@10")), ["ials", "lf"], "without the metric last")
        self.assertEqual(list(self.rows("ranked", "--sort", "rmse")), ["lf", "ials"])

    def test_an_unfinished_run_says_where_it_stands(self):
        shutil.copytree(self.dir / "runs/slow", self.dir / "cut/early")
        (self.dir / "cut/early/metrics.json").unlink()
        shutil.copytree(self.dir / "cut/early", self.dir / "cut/new")
        for path in (self.dir / "cut/new/checkpoints").glob("*"):
            path.unlink()
        lines = self.latent("runs", "cut").stdout.splitlines()
        self.assertRegex(lines[1], r"^early +latent_factor +- .*  at step 6$")
        self.assertRegex(lines[2], r"^new .*  no checkpoint$")
        rows = json.loads(self.latent("runs", "cut", "--json").stdout)["runs"]
        self.assertEqual([(row["finished"], row["step"], row["metrics"]["rmse"]) for row in rows], [(False, 6, None), (False, 0, None)])

    def test_a_damaged_run_is_a_row_with_its_error(self):
        for name in ("config", "knob", "figures", "kind", "fine"):
            shutil.copytree(self.dir / "runs/slow", self.dir / f"torn/{name}")
        (self.dir / "torn/config/config.json").write_text('{"train": {')
        (self.dir / "torn/knob/config.json").write_text('{"train": {"lr": -1}, "modl": 1, "provenance": {}}')
        (self.dir / "torn/figures/metrics.json").write_text('{"test": {"rm')
        (self.dir / "torn/kind/metrics.json").write_text('{"test": {}, "train": {"steps": "six"}}')
        rows = self.rows("torn")
        self.assertRegex(rows["config"]["error"], r"^torn/config/config.json:1: not valid JSON")
        self.assertRegex(rows["knob"]["error"], r"^torn/knob/config.json:1: [^\n]+$")
        for name in ("figures", "kind"):
            self.assertEqual(rows[name]["error"],
                             f"torn/{name}/metrics.json: damaged; make it anew with: latent train --resume torn/{name}")
        self.assertEqual((rows["fine"]["error"], rows["fine"]["finished"]), ("", "true"))
        lines = self.latent("runs", "torn").stdout.splitlines()
        self.assertRegex(lines[1], r"^config +- .*  torn/config/config.json:1: not valid JSON")
        self.assertEqual(len(lines), 6)

    def test_a_run_alone_is_a_table_of_one(self):
        self.assertEqual(list(self.rows("runs/slow/")), ["slow"])

    def test_when_is_the_last_change_in_utc(self):
        shutil.copytree(self.dir / "runs/slow", self.dir / "old/run")
        for name in ("config.json", "metrics.json", "log.jsonl"):
            os.utime(self.dir / "old/run" / name, (86400, 86400))
        for zone in ("UTC", "Asia/Tokyo"):
            os.environ["TZ"] = zone
            self.addCleanup(os.environ.pop, "TZ", None)
            self.assertEqual(self.rows("old")["run"]["when"], "1970-01-02T00:00:00Z")

    def test_the_example_works_as_written(self):
        example = self.latent("runs", "--help").stdout.split("Example:\n  latent ")[1].split()
        self.assertEqual(len(self.latent(*example).stdout.splitlines()), 4)

    def test_a_folder_without_runs_is_said_to_be_so(self):
        (self.dir / "empty").mkdir(exist_ok=True)
        done = self.latent("runs", "empty")
        self.assertEqual((done.stdout, done.stderr), ("", "empty: no runs in it\n"))
        self.assertEqual(json.loads(self.latent("runs", "empty", "--json").stdout)["runs"], [])

    def test_names_of_any_bytes_do_not_stop_it(self):
        os.makedirs(os.fsencode(self.dir / "odd"), exist_ok=True)
        shutil.copytree(os.fsencode(self.dir / "runs/slow"), os.path.join(os.fsencode(self.dir), b"odd", b"a\xff,\nb"))
        for words in ([], ["--json"], ["--csv"]):
            done = support.subprocess.run(support.command("runs", "odd", *words), cwd=self.dir, capture_output=True)
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            self.assertIn(b"latent_factor", done.stdout)

    def test_what_is_wrong_is_one_line(self):
        for words, told in [(["none"], "none: no such folder; give the one that holds the runs"), (["d.csv"], "d.csv: is not a folder; give the one that holds the runs"),
                            (["--metric", "rmsd"], "no run in runs has the test metric 'rmsd'; did you mean 'rmse'?"),
                            (["--sort", "ndcg@10"], "no run in runs has the test metric 'ndcg@10'")]:
            with self.subTest(words):
                self.assertEqual(self.complaint("runs", *words), told)
        self.assertIn("--csv", self.complaint("runs", "--json", "--csv", code=2))


if __name__ == "__main__":
    support.main()
