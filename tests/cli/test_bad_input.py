"""Every mistake a user can make gets one line that says what and where, and leaves nothing behind."""

import gzip
import json
import re
import subprocess
import zipfile

import support

GOOD = support.random_rows(20, 15, 150)


class BadInput(support.Case):
    def setUp(self):
        self.before = set(self.files())

    def files(self):
        return {path for path in self.dir.rglob("*") if "cache" not in path.parts}

    def refused(self, text, *words, code=1):
        """The complaint about a command line; nothing but what the test itself wrote may stand there after it."""
        before = self.files()
        said = self.complaint(*words, code=code)
        self.assertRegex(said, text)
        self.assertEqual(self.files() - before, set())
        return said

    def refuse_data(self, name, content, text, **sections):
        (self.dir / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        self.refuse_config(text, data={"path": name, **sections.pop("data", {})}, **sections)

    def refuse_config(self, text, *sets, **sections):
        sections.setdefault("train", {"steps": 2, "batch_size": 10})
        support.write_config(self.dir / "c.json", **sections)
        return self.refused(text, "train", "c.json", "--run-dir", "run", *support.set_options(sets))

    def good_data(self):
        support.write_rows(self.dir / "good.csv", GOOD)
        return "good.csv"


class FailedRuns(BadInput):
    def test_a_failed_overwrite_leaves_the_old_run_as_it_was(self):
        data = self.good_data()
        support.write_config(self.dir / "c.json", data=data, train={"steps": 2, "batch_size": 10})
        self.latent("train", "c.json", "--run-dir", "kept")
        before = {path: path.read_bytes() for path in (self.dir / "kept").rglob("*") if path.is_file()}
        self.latent("train", "c.json", "--run-dir", "kept", "--overwrite", "--set", "train.lr=1e30", "--set", "model.init_std=1e20", code=1)
        self.assertEqual({path: path.read_bytes() for path in (self.dir / "kept").rglob("*") if path.is_file()}, before)
        self.assertEqual([path.name for path in self.dir.glob("kept*")], ["kept"])
        self.latent("train", "c.json", "--run-dir", "kept", "--overwrite")
        self.assertEqual([path.name for path in self.dir.glob("kept*")], ["kept"])

    def test_more_memory_than_there_is(self):
        self.refuse_config(r"^model\.factors = 2147483647: its tables of 20 users and 15 items need [0-9.]+ GB of memory, and .* are free; lower it$", "model.factors=2147483647", data=self.good_data())

    def test_more_threads_than_any_machine_has(self):
        self.refuse_config(r"^--set: 'train\.threads' must be from 0 to 1024", "train.threads=100000", data=self.good_data())

    def test_one_column_for_user_and_item(self):
        self.refuse_config(r"^good\.csv:1: data\.user and data\.item both name", "data.user=1", "data.item=1", data=self.good_data())

    def test_a_json_array(self):
        (self.dir / "array.json").write_text('[{"user_id": "a", "book_id": "b", "rating": 1}]')
        self.refuse_config(r"^array\.json:1: a JSON array; write one object a line", data="array.json")


class BadData(BadInput):
    def test_missing_file(self):
        self.refuse_config(r"^nowhere\.csv: cannot open: No such file", data="nowhere.csv")
        self.refused(r"^nowhere\.csv: cannot open", "data", "info", "nowhere.csv")

    def test_no_file_named(self):
        self.refuse_config(r"data\.path is not set", model={"factors": 2})

    def test_folder_in_place_of_a_file(self):
        self.refuse_config(r"^\.: is a folder; give a file", data=".")

    def test_empty_file(self):
        self.refuse_data("empty.csv", "", r"^empty\.csv: .*empty")
        self.refuse_data("blank.csv", "\n\n \n", r"^blank\.csv: no rows")
        self.refuse_data("empty.json.gz", gzip.compress(b""), r"^empty\.json\.gz: .*empty")

    def test_header_alone(self):
        self.refuse_data("header.csv", "user_id,item_id,rating\n", r"^header\.csv: a header and nothing else")

    def test_truncated_gz(self):
        whole = gzip.compress(support.csv_text(GOOD * 50).encode())
        self.refuse_data("cut.csv.gz", whole[: len(whole) // 2], r"^cut\.csv\.gz: the gz stream ends early.*fetch")

    def test_damaged_gz(self):
        whole = bytearray(gzip.compress(support.csv_text(GOOD).encode()))
        whole[-6] ^= 0xFF  # the stored checksum
        self.refuse_data("bad.csv.gz", bytes(whole), r"^bad\.csv\.gz: damaged gz stream.*fetch")

    def test_broken_json_names_its_line(self):
        line = '{"user_id": "u%d", "book_id": "b", "rating": 3}\n'
        self.refuse_data("b.json", line % 1 + line % 2 + '{"user_id": "u3", "book_id": \n' + line % 4, r"^b\.json:3: ")

    def test_missing_field_names_its_line(self):
        self.refuse_data("f.json", '{"user_id": "u", "book_id": "b", "rating": 3}\n{"user_id": "u", "rating": 3}\n',
                         r"^f\.json:2: no field 'book_id'")

    def test_rating_that_is_no_number(self):
        for bad in ["good", "", "NaN", "nan", "inf", "1e999", "4,5"[:1] + "x"]:
            with self.subTest(bad):
                self.refuse_data("r.csv", support.csv_text([*GOOD[:3], ("u", "i", bad)]),
                                 r"^r\.csv:5: rating '.*' \(rating\) is not a number")
        self.refuse_data("r.json", '{"user_id": "u", "book_id": "b", "rating": NaN}\n', r"^r\.json:1: ")

    def test_too_few_columns(self):
        self.refuse_data("few.csv", support.csv_text([*GOOD[:4], ("u", "i")]), r"^few\.csv:6: expected 3 columns or more, found 2")
        self.refuse_data("one.tsv", "a\nb\n", r"^one\.tsv:1: .*data\.format")

    def test_column_that_is_not_there(self):
        self.refuse_data("n.csv", support.csv_text(GOOD), r"^n\.csv:1: no column 'stars' in the header.*data\.rating", data={"rating": "stars"})
        self.refuse_data("n.csv", support.csv_text(GOOD), r"^n\.csv:1: data\.user names column 7", data={"user": 7})

    def test_empty_id_and_id_that_is_not_utf8(self):
        self.refuse_data("e.csv", support.csv_text([*GOOD[:2], ("", "i", 3)]), r"^e\.csv:4: the id .* is empty")
        self.refuse_data("l.csv", b"user_id,item_id,rating\nJos\xe9,i,3\n", r"^l\.csv:2: .*UTF-8; convert")

    def test_quote_that_never_ends(self):
        self.refuse_data("q.csv", 'user_id,item_id,rating\n"u,i,3\nv,i,3\n', r"^q\.csv:\d: .*begins on line 2 never ends")

    def test_no_interactions_left(self):
        data = self.good_data()
        for knob in [{"positive_at_least": 9}, {"min_user": 100}, {"min_item": 100, "min_user": 3}]:
            with self.subTest(knob):
                self.refuse_config(r"^good\.csv: no interactions left of 150 rows; see data\.", data={"path": data, **knob})

    def test_parts_that_leave_no_training_rows(self):
        data = self.good_data()
        self.refuse_config(r"split\.test and split\.valid", data=data, split={"test": 0.6, "valid": 0.5})
        self.refuse_data("tiny.csv", support.csv_text(GOOD[:1]), r"^tiny\.csv: no training rows left", split={"test": 0.5})

    def test_user_with_every_item_has_no_negative(self):
        rows = [("greedy", f"i{n}", 1) for n in range(6)] + [("modest", "i1", 1)]
        text = r"user 'greedy' has every item.*no negative exists; drop"
        self.refuse_data("g.csv", support.csv_text(rows), text, split={"test": 0}, model={"name": "bpr", "factors": 2})


class BadConfig(BadInput):
    def test_missing_and_broken_config(self):
        self.refused(r"^none\.json: cannot open", "train", "none.json")
        (self.dir / "broken.json").write_text('{\n "data": {"path": "x"},\n "train": {"lr" 1}\n}\n')
        self.refused(r"^broken\.json:3: not valid JSON", "train", "broken.json")
        (self.dir / "twice.json").write_text('{"train": {"lr": 1, "lr": 2}}')
        self.refused(r"^twice\.json: key 'lr' is given twice", "config", "check", "twice.json")

    def test_unknown_knob_gets_a_suggestion(self):
        data = self.good_data()
        self.refuse_config(r"^c\.json:\d+: unknown key 'model\.lr'; did you mean 'train\.lr'\?", data=data, model={"lr": 0.1})
        self.refuse_config(r"^--set: unknown key 'train\.step'; did you mean 'train\.steps'\?", "train.step=3", data=data)

    def test_value_out_of_range_or_of_another_kind(self):
        data = self.good_data()
        for knob, value, text in [
            ("train.lr", 0, "above 0"), ("train.lr", "fast", "a number"), ("train.batch_size", 0, "from 1"),
            ("train.batch_size", 2.7, "a whole number"), ("train.batch_size", 2**31, "2147483647"), ("split.test", 1, "below 1"),
            ("split.test", -0.1, "from 0"), ("model.name", "lfm", "one of"), ("train.lambda", -1, "at least 0"),
            ("eval.k", [0], "at least 1"), ("eval.k", [], "at least 1"), ("train.device", "gpu", "cuda"),
            ("data.drop_zero", 1, "true or false"), ("train.seed", -1, "from 0"), ("model.factors", None, "a whole number"),
        ]:
            section, name = knob.split(".")
            with self.subTest(knob=knob, value=value):
                said = rf"'{re.escape(knob)}' must be .*{re.escape(text)}"
                sections = {"data": {"path": data}}
                sections.setdefault(section, {})[name] = value
                self.refuse_config(r"^c\.json:\d+: " + said, **sections)
                self.refuse_config(r"^--set: " + said, f"{knob}={json.dumps(value)}", data=data)

    def test_steps_and_epochs_together(self):
        data = self.good_data()
        self.refuse_config(r"^c\.json: .*both given; keep one", data=data, train={"steps": 2, "epochs": 2})
        self.refuse_config(r"both 0", data=data, train={"steps": 0})

    def test_gpu_where_there_is_none(self):
        import torch

        if torch.cuda.is_available():
            self.skipTest("this machine has a GPU")
        for device in ["cuda", "cuda:1"]:
            self.refuse_config(rf"train\.device = {device}.*use cpu or auto", f"train.device={device}", data=self.good_data())

    def test_patience_without_validation(self):
        text = r"train\.patience needs a validation part; set split\.valid"
        self.refuse_config(text, "train.patience=2", "split.valid=0", data=self.good_data())

    def test_monitor_that_does_not_exist_or_fit(self):
        sections = {"data": self.good_data(), "split": {"valid": 0.2}}
        self.refuse_config(r"train\.monitor = 'happiness'", "train.patience=2", "train.monitor=happiness", **sections)
        self.refuse_config(r"train\.monitor = mse", "train.patience=2", "train.monitor=mse", "model.name=bpr", **sections)

    def test_split_of_files_without_files(self):
        self.refuse_config(r"data\.test_path", "split.kind=files", data=self.good_data())
        self.refuse_config(r"split\.kind = files", "data.test_path=x.csv", data=self.good_data())

    def test_objective_that_explodes(self):
        sets = ["train.optimizer=sgd", "train.lr=1e30", "train.steps=20", "model.init_std=1"]
        self.refuse_config(r"step \d+: the objective is not finite .*lower train\.lr", *sets, data=self.good_data())


class BadRunsAndModels(BadInput):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        support.write_rows(cls.dir / "d.csv", GOOD)
        support.write_config(cls.dir / "config.json", data="d.csv", train={"steps": 3, "batch_size": 20})
        support.Case.train(cls(), "done")

    def test_run_directory_that_exists(self):
        before = (self.dir / "done/log.jsonl").read_bytes()
        self.refused(r"^done: the run directory exists; .*--overwrite", "train", "config.json", "--run-dir", "done")
        self.assertEqual((self.dir / "done/log.jsonl").read_bytes(), before)

    def test_a_failing_overwrite_keeps_the_old_run(self):
        for bad in ["data.path=nowhere.csv", "split.test=0.99999"]:
            self.refused(".", "train", "config.json", "--run-dir", "done", "--overwrite", "--set", bad)
            self.assertTrue((self.dir / "done/model.pt").exists())

    def test_run_directory_that_cannot_be_made(self):
        (self.dir / "file").write_text("a regular file")
        for path in ["file/run", "file/deep/run"]:
            self.refused(r"^file/.*: cannot make the run directory: .*file is not a folder", "train", "config.json", "--run-dir", path)
        self.refused(r"^file: .*exists", "train", "config.json", "--run-dir", "file")
        self.refused(r"^file: .*not a folder", "train", "config.json", "--run-dir", "file", "--overwrite")

    def test_output_that_cannot_be_written(self):
        (self.dir / "file").write_text("a regular file")
        self.refused(r"^file/m\.pt: cannot write", "export", "done", "-o", "file/m.pt")
        self.refused(r"^file/p\.csv: cannot write", "evaluate", "done", "--predictions", "file/p.csv")
        self.refused(r"^file/s\.gz: cannot write", "synth", "-o", "file/s.gz", "--users", "50", "--items", "50", "--ratings", "9")
        self.refused(r"^done: ", "export", "done", "-o", "done")

    def test_model_file_that_is_not_ours(self):
        model = (self.dir / "done/model.pt").read_bytes()
        (self.dir / "text.pt").write_text("just text\n")
        (self.dir / "empty.pt").write_bytes(b"")
        for share in [0.1, 0.5, 0.99]:
            (self.dir / f"cut{share}.pt").write_bytes(model[: int(share * len(model))])
        with zipfile.ZipFile(self.dir / "zip.pt", "w") as archive:
            archive.writestr("hello.txt", "hello")
        with zipfile.ZipFile(self.dir / "done/model.pt") as whole, zipfile.ZipFile(self.dir / "less.pt", "w") as archive:
            for name in whole.namelist():
                if not name.endswith("latent.json"):
                    archive.writestr(name, whole.read(name))
        files = ["text.pt", "empty.pt", "cut0.1.pt", "cut0.5.pt", "cut0.99.pt", "zip.pt", "less.pt", "d.csv"]
        for name in files:
            with self.subTest(name):
                self.refused(rf"^{re.escape(name)}: not a model exported by latent", "predict", name, "u1", "i1")
        for words in [["evaluate", "zip.pt"], ["recommend", "zip.pt", "--user", "u1"], ["similar", "zip.pt", "--item", "i1"]]:
            self.refused(r"^zip\.pt: not a model", *words)
        self.refused(r"^none\.pt: no such model", "predict", "none.pt", "u1", "i1")
        self.refused(r"^cache: is a folder", "predict", "cache", "u1", "i1")

    def test_run_that_is_none(self):
        for words in [["evaluate"], ["export", "-o", "x.pt"], ["train", "--resume"]]:
            self.refused(r"^cache: not a run of latent", words[0], *words[1:], "cache")
        self.refused(r"^none: no such run", "train", "--resume", "none")

    def test_id_that_the_model_does_not_know(self):
        for words in [["recommend", "done", "--user"], ["predict", "done", "u1"], ["similar", "done", "--item"]]:
            self.refused(r"unknown (user|item) 'nobody'", *words, "nobody")

    def test_evaluation_on_data_the_model_does_not_know(self):
        support.write_rows(self.dir / "other.csv", [("x" + user, item, rating) for user, item, rating in GOOD])
        support.write_rows(self.dir / "more.csv", [*GOOD, ("new", "i1", 3)])
        for source in ["done", "done/model.pt"]:
            for name in ["other.csv", "more.csv"]:
                self.refused(r"the ids of .*csv are not those", "evaluate", source, "--set", f"data.path={name}")
        self.refused(r"^done: .*does not fit", "evaluate", "done", "--set", "model.factors=2")

    def test_text_that_is_not_utf8_on_the_command_line(self):
        for code, flags in [(1, []), (0, ["--json", "--unknown", "known-parts"])]:
            words = [support.PROGRAM, "predict", "done", b"\xff", "i1", *flags]
            done = subprocess.run(words, cwd=self.dir, env=support.environment(self.dir), capture_output=True)
            self.assertEqual(done.returncode, code, done.stderr)


if __name__ == "__main__":
    support.main()
