"""What each command prints, writes and returns when it is used as meant."""

import contextlib
import json
import os
import pty
import re
import subprocess
import unittest

import support

COMMANDS = ["train", "evaluate", "predict", "recommend", "similar", "find", "export", "config", "data", "synth",
            "runs", "completion"]


class Help(support.Case):
    def test_every_command_has_help_with_an_example(self):
        for name in COMMANDS:
            with self.subTest(name):
                done = self.latent(name, "--help")
                example = done.stdout.split("Example:\n")[1]
                self.assertTrue(example.strip().startswith(f"latent {name} "), example)
                self.assertEqual(done.stderr, "")

    def test_the_program_lists_its_commands(self):
        text = self.latent("--help").stdout
        for name in COMMANDS:
            self.assertRegex(text, rf"\n  {name} ")
        self.assertRegex(self.latent("--version").stdout, r"^latent \d")

    def test_the_example_of_config_works_as_written(self):
        (self.dir / "configs").mkdir()
        support.write_config(self.dir / "configs/quickstart.json", data="d.csv")
        self.latent(*self.latent("config", "--help").stdout.split("Example:\n  latent ")[1].split())

    def test_wrong_command_lines_exit_2_with_one_line(self):
        support.write_config(self.dir / "c.json", data="d.csv")
        for words, told in [
            ([], "command"), (["trian"], "'train'"), (["train"], "CONFIG"), (["train", "c.json", "more"], "'more'"),
            (["train", "c.json", "--stepz", "3"], "stepz"), (["train", "c.json", "--set"], "key=value"),
            (["train", "c.json", "--set", "train.lr"], "key=value"), (["train", "--resume", "r", "--run-dir", "s"], "--run-dir"),
            (["recommend", "m.pt"], "--user"), (["recommend", "m.pt", "--user", "u", "-k", "0"], "-k"),
            (["recommend", "m.pt", "--user", "u", "-k", "many"], "many"), (["similar", "m.pt"], "--item"),
            (["predict", "m.pt", "u"], "ITEM"), (["predict", "m.pt", "u", "i", "--unknown", "guess"], "known-parts"),
            (["export", "r"], "-o"), (["config", "chek", "c.json"], "'check'"), (["config", "check"], "CONFIG"),
            (["config", "schema", "c.json"], "'c.json'"), (["config", "show", "c.json", "c.json"], "'c.json'"),
            (["data", "info"], "FILE"), (["synth"], "-o"), (["evaluate"], "RUN"),
        ]:
            with self.subTest(words):
                self.assertIn(told, self.complaint(*words, code=2))

    @unittest.skipUnless(os.path.exists("/dev/full"), "no /dev/full on this system")
    def test_output_that_cannot_be_written_is_an_error(self):
        for words in [["config", "reference"], ["--version"]]:
            with open("/dev/full", "w", encoding="utf-8") as full:
                done = subprocess.run(support.command(*words), stdout=full, stderr=subprocess.PIPE, text=True)
            self.assertEqual((done.returncode, done.stderr), (1, "latent: cannot write to standard output\n"))


class Config(support.Case):
    def test_show_names_the_source_of_every_value(self):
        support.write_config(self.dir / "c.json", data="d.csv", train={"lr": 0.5, "steps": 7})
        done = self.latent("config", "show", "c.json", "--set", "train.lr=0.25", "--set", "eval.k=[2,3]")
        rows = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines()}
        self.assertEqual(rows["train.lr"], ["0.25", "--set"])
        self.assertEqual(rows["eval.k"], ["[2,3]", "--set"])
        self.assertEqual(rows["train.steps"], ["7", "file", "c.json:7"])
        self.assertEqual(rows["data.path"], ['"d.csv"', "file", "c.json:3"])
        self.assertEqual(rows["train.batch_size"], ["50000", "default"])

    def test_a_models_own_default_lies_between_the_general_one_and_the_file(self):
        table = self.latent("config", "reference").stdout.split("## Models")[1]
        own = re.findall(r"(?m)^\| `(\w+)` \|.*\| `([\w.]+)` = `([^`]*)`", table)
        for model, knob, value in own:
            with self.subTest(model):
                shown = self.latent("config", "show", "--set", f"model.name={model}").stdout
                self.assertRegex(shown, rf"(?m)^{re.escape(knob)} +{re.escape(value)} +model$")
                shown = self.latent("config", "show", "--set", f"model.name={model}", "--set", f"{knob}={value}").stdout
                self.assertRegex(shown, rf"(?m)^{re.escape(knob)} +{re.escape(value)} +--set$")
        if not own:
            self.skipTest("no model has defaults of its own yet")

    def test_show_json_is_itself_a_config(self):
        support.write_config(self.dir / "c.json", data="d.csv", train={"epochs": 3})
        text = self.latent("config", "show", "c.json", "--json", "--set", "train.seed=4").stdout
        (self.dir / "again.json").write_text(text)
        again = self.latent("config", "show", "again.json", "--json").stdout
        self.assertEqual(again, text)
        self.assertEqual(json.loads(text)["train"]["seed"], 4)
        self.assertEqual((json.loads(text)["train"]["steps"], json.loads(text)["train"]["epochs"]), (0, 3))

    def test_check_accepts_comments_and_says_valid(self):
        (self.dir / "d.csv").write_text("u,i,1\n")
        (self.dir / "c.json").write_text('{ // why\n "data": {"path": "d.csv"} /* x */ }\n')
        self.assertEqual(self.latent("config", "check", "c.json").stdout, "c.json: valid\n")

    def test_reference_has_a_row_for_every_knob_shown(self):
        shown = [line.split()[0] for line in self.latent("config", "show").stdout.splitlines()]
        text = self.latent("config", "reference").stdout
        for name in shown:
            self.assertIn(f"| `{name}` |", text)


class Synth(support.Case):
    def test_data_info_finds_what_synth_wrote(self):
        done = self.latent("synth", "-o", "s.json.gz", "--users", "50", "--items", "40", "--ratings", "300")
        self.assertEqual(done.stdout, "")
        info = json.loads(self.latent("data", "info", "s.json.gz", "--json").stdout)
        self.assertEqual((info["rows"], info["repeated_pairs"], info["format"]), (300, 0, "json"))
        self.assertEqual((info["user"], info["item"], info["rating"]), ("user_id", "book_id", "rating"))
        text = self.latent("data", "info", "s.json.gz").stdout
        (self.dir / "pasted.json").write_text("{" + text[text.index('"data"'):] + "}")
        self.latent("config", "check", "pasted.json")

    def test_the_lines_for_a_config_hold_every_knob_that_was_given(self):
        (self.dir / "odd.csv").write_bytes("nutzer;buch;note;art\né;b1;1,5;x\né;b2;99;x\nü;b1;2,5;y\nü;b3;4;x\n".encode("latin-1"))
        knobs = ["data.user=nutzer", "data.item=buch", "data.rating=note", "data.decimal=,", "data.encoding=latin-1",
                 "data.missing=[99]", "data.where=[\"art=x|y\"]", "data.positive_at_least=1"]
        told = self.latent("data", "info", "odd.csv", "--json", *support.set_options(knobs)).stdout
        text = self.latent("data", "info", "odd.csv", *support.set_options(knobs)).stdout
        (self.dir / "pasted.json").write_text("{" + text[text.index('"data"'):] + "}")
        for name in ("decimal", "encoding", "missing", "where", "positive_at_least"):
            self.assertIn(f'"{name}"', text)
        self.train("pasted", "model.name=mean", "split.test=0", config="pasted.json")
        self.assertEqual(json.loads(told)["rows"], 3)
        self.assertEqual(self.json("pasted/config.json")["provenance"]["users"], 2)

    def test_the_seed_decides_the_file(self):
        options = ["--users", "50", "--items", "40", "--ratings", "300", "--seed"]
        for name, seed in [("a", 1), ("b", 1), ("c", 2)]:
            self.latent("synth", "-o", name, *options, seed)
        a, b, c = ((self.dir / name).read_bytes() for name in "abc")
        self.assertEqual(a, b)
        self.assertNotEqual(a, c)


class Train(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        support.write_rows(cls.dir / "d.csv", support.random_rows(40, 30, 500))
        support.write_config(cls.dir / "c.json", data="d.csv", split={"test": 0.2, "valid": 0.1}, model={"factors": 3},
                             train={"steps": 20, "batch_size": 200, "lr": 0.02, "seed": 5, "threads": 1}, checkpoint={"every": 5})
        support.Case.train(cls(), "run", "train.lr=0.03", config="c.json")

    def test_a_run_holds_every_file(self):
        files = {str(path.relative_to(self.dir / "run")) for path in (self.dir / "run").rglob("*") if path.is_file()}
        kept = {"checkpoints/step-000000000015.ckpt", "checkpoints/step-000000000020.ckpt"}
        self.assertEqual(files, {"config.json", "metrics.json", "per_user.npz", "log.jsonl", "model.pt", *kept})

    def test_config_json_is_resolved_and_says_where_it_came_from(self):
        config = self.json("run/config.json")
        self.assertEqual(config["train"]["lr"], 0.03)
        self.assertEqual(config["train"]["optimizer"], "adam")
        made = config["provenance"]
        self.assertRegex(made["program"], r"^latent \d")
        self.assertRegex(made["torch"], r"^\d+\.\d+")
        self.assertRegex(made["data_crc32"], r"^[0-9a-f]{8}$")
        self.assertEqual((made["seed"], made["users"], made["items"]), (5, 40, 30))
        self.assertRegex(made["device"], r"^(cpu|cuda)")
        self.latent("config", "check", "run/config.json")

    def test_metrics_json_has_the_three_parts(self):
        metrics = self.json("run/metrics.json")
        self.assertEqual(list(metrics), ["test", "valid", "train"])
        for part, rows in [("test", 100), ("valid", 50)]:
            self.assertEqual(metrics[part]["interactions"], rows)
            for name in ["mse", "rmse", "mae", "rounded_mse", "baseline_mse"]:
                self.assertGreater(metrics[part][name], 0)
            self.assertAlmostEqual(metrics[part]["rmse"] ** 2, metrics[part]["mse"])
        self.assertEqual(metrics["train"]["steps"], 20)
        self.assertGreater(metrics["train"]["seconds"], 0)

    def test_the_log_has_a_line_a_step(self):
        log = self.log("run")
        self.assertEqual([line["step"] for line in log], list(range(1, 21)))
        self.assertLess(log[-1]["objective"], log[0]["objective"])

    def test_results_go_to_stdout_and_messages_to_stderr(self):
        done = self.train("streams", config="c.json")
        self.assertRegex(done.stdout, r"(?m)^mse +\d")
        self.assertNotIn("streams", done.stdout)
        self.assertIn("run: streams", done.stderr)
        as_json = json.loads(self.train("streams2", config="c.json", flags=["--json"]).stdout)
        self.assertEqual(as_json, self.json("streams2/metrics.json"))

    def test_runs_without_a_name_are_numbered_after_the_config(self):
        for n in [1, 2]:
            self.assertIn(f"run: runs/c-{n}", self.latent("train", "c.json", "--set", "train.steps=1").stderr)
            self.assertTrue((self.dir / f"runs/c-{n}/model.pt").exists())

    def test_overwrite_replaces_a_run_and_nothing_else(self):
        self.train("old", "train.steps=10", config="c.json")
        self.assertIn("--overwrite", self.complaint("train", "c.json", "--run-dir", "old"))
        self.train("old", "train.steps=2", "checkpoint.every=0", config="c.json", flags=["--overwrite"])
        self.assertEqual(len(self.log("old")), 2)
        self.assertEqual(len(self.checkpoints("old")), 1)
        (self.dir / "holiday").mkdir()
        (self.dir / "holiday/photo").write_text("mine")
        self.assertIn("not a run", self.complaint("train", "c.json", "--run-dir", "holiday", "--overwrite"))
        self.assertEqual((self.dir / "holiday/photo").read_text(), "mine")

    def test_epochs_visit_every_row(self):
        self.train("epochs", "train.steps=0", "train.epochs=2", "train.batch_size=100", config="c.json")
        self.assertEqual(self.json("epochs/metrics.json")["train"]["steps"], 2 * 4)  # 350 rows by 100

    def test_the_model_is_not_written_when_told_so_and_export_makes_it_up(self):
        self.train("bare", "export.auto=false", "train.lr=0.03", config="c.json")
        self.assertFalse((self.dir / "bare/model.pt").exists())
        done = self.latent("export", "bare", "-o", "late.pt")
        self.assertEqual((done.stdout, done.stderr), ("", "wrote late.pt\n"))
        pair = ["u1", "i1"]
        self.assertEqual(self.latent("predict", "late.pt", *pair).stdout, self.latent("predict", "run", *pair).stdout)

    def test_a_terminal_shows_a_progress_bar_and_a_pipe_plain_lines(self):
        sets = ["train.steps=2000", "train.batch_size=2000", "train.threads=1"]
        self.assertNotIn("\r", self.train("piped", *sets, config="c.json").stderr)
        ours, theirs = pty.openpty()
        words = support.command("train", "c.json", "--run-dir", "drawn", *support.set_options(sets))
        process = subprocess.Popen(words, cwd=self.dir, env=support.environment(self.dir), stdout=subprocess.DEVNULL, stderr=theirs)
        os.close(theirs)
        text = b""
        with contextlib.suppress(OSError):  # how Linux says that the other end was closed
            while chunk := os.read(ours, 4096):
                text += chunk
        os.close(ours)
        self.assertEqual(process.wait(), 0)
        self.assertRegex(text, rb"\rtraining +\d+ %  .* steps, .*/s, .* left, objective")


if __name__ == "__main__":
    support.main()
