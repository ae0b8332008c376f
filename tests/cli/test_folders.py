"""A run is worked with from any folder: its relative paths start where it was trained."""

import json
import re
import shutil
import subprocess

import support


class Folders(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.home, cls.away = cls.dir / "home", cls.dir / "away" / "deep"
        cls.home.mkdir()
        cls.away.mkdir(parents=True)
        rows = support.random_rows(30, 20, 400)
        for name, part in [("d.csv", rows[:300]), ("valid.csv", rows[300:340]), ("test.csv", rows[340:])]:
            support.write_rows(cls.home / name, part)
        (cls.home / "titles.csv").write_text("item_id,title\n" + "".join(f"i{n},Title {n}\n" for n in range(20)))
        support.write_config(cls.home / "config.json", split={"kind": "files"}, train={"steps": 30, "batch_size": 50, "lr": 0.02},
                             data={"path": "d.csv", "test_path": "test.csv", "valid_path": "./valid.csv", "titles": {"path": "titles.csv"}})
        cls().at(cls.home, "train", "config.json", "--run-dir", "run")

    def at(self, folder, *arguments, code=0):
        done = subprocess.run(support.command(*arguments), cwd=folder, env=support.environment(self.dir), capture_output=True,
                              encoding="utf-8", timeout=300)
        self.assertEqual(done.returncode, code, f"{arguments}\n{done.stdout}\n{done.stderr}")
        return done

    def run_copy(self, name):
        shutil.copytree(self.home / "run", self.home / name)
        return self.home / name

    def test_the_run_keeps_its_paths_as_given_and_where_they_start(self):
        config = self.json("home/run/config.json")
        self.assertEqual((config["data"]["path"], config["data"]["valid_path"]), ("d.csv", "./valid.csv"))
        self.assertEqual(config["provenance"]["folder"], str(self.home.resolve()))

    def test_evaluate_says_the_same_from_anywhere(self):
        expected = self.at(self.home, "evaluate", "run", "--json").stdout
        for source in [self.home / "run", self.home / "run/model.pt", "../../home/run"]:
            self.assertEqual(self.at(self.away, "evaluate", source, "--json").stdout, expected)

    def test_export_writes_the_same_from_anywhere(self):
        self.at(self.home, "export", "run", "-o", "m.npz")
        self.at(self.away, "export", self.home / "run", "-o", "m.npz")
        self.assertEqual((self.away / "m.npz").read_bytes(), (self.home / "m.npz").read_bytes())
        self.at(self.away, "export", self.home / "run", "-o", "m.pt")
        self.assertIn("Title 3", self.at(self.away, "find", "m.pt", "title 3").stdout)

    def test_a_resume_goes_on_from_anywhere(self):
        sets = support.set_options(["train.steps=40"])
        tables = []
        for folder, words in [(self.home, ["--resume", "run1"]), (self.away, ["--resume", "../../home/run2"]),
                              (self.away, ["../../home/config.json", "--resume", "../../home/run3"]),
                              (self.dir, ["home/config.json", "--resume", "home/run4"])]:
            run = self.run_copy(words[-1].split("/")[-1])
            self.at(folder, "train", *words, *sets)
            tables.append(support.read_checkpoint(self.checkpoints(run)[-1]))
            self.assertEqual(tables[-1][0]["step"], 40)
        for _, other in tables[1:]:
            self.assert_same_tensors(tables[0][1], other)
        # Whoever resumed it, the next one finds its data, from wherever.
        self.at(self.home, "evaluate", "run2")
        self.at(self.dir, "evaluate", "home/run2")

    def test_a_path_of_the_command_line_starts_here(self):
        said = self.at(self.away, "evaluate", self.home / "run", "--set", "data.test_path=none.csv", code=1).stderr
        self.assertIn("latent: none.csv: cannot open", said)

    def test_a_config_of_a_run_trains_from_anywhere(self):
        self.at(self.away, "train", self.home / "run/config.json", "--run-dir", "again")
        self.assert_same_tensors(support.model_tables(self.away / "again/model.pt"), support.model_tables(self.home / "run/model.pt"))

    def test_a_missing_file_is_named_where_it_was(self):
        support.write_rows(self.home / "gone.csv", support.random_rows(30, 20, 300))
        self.at(self.home, "train", "config.json", "--run-dir", "lost", "--set", "split.kind=random", "--set", "data.path=gone.csv",
                "--set", "data.test_path=", "--set", "data.valid_path=")
        (self.home / "gone.csv").unlink()
        for words in [["evaluate", self.home / "lost"], ["export", self.home / "lost", "-o", "x.pt"], ["train", "--resume", self.home / "lost"]]:
            said = self.at(self.away, *words, code=1).stderr.splitlines()[-1]
            self.assertRegex(said, rf"^latent: {re.escape(str(self.home.resolve() / 'gone.csv'))}: cannot open: No such file")

    def test_a_folder_that_was_moved_with_its_data_still_works_inside(self):
        moved = self.dir / "moved"
        shutil.copytree(self.home, moved)
        config = json.loads((moved / "run/config.json").read_text())
        config["provenance"]["folder"] = "/nowhere/at/all"
        (moved / "run/config.json").write_text(json.dumps(config))
        self.at(moved, "evaluate", "run")

    def test_a_run_without_the_record_works_as_before(self):
        old = self.run_copy("old")
        config = json.loads((old / "config.json").read_text())
        del config["provenance"]["folder"]
        (old / "config.json").write_text(json.dumps(config))
        self.at(self.home, "evaluate", "old")
        self.assertIn("d.csv: cannot open", self.at(self.away, "evaluate", old, code=1).stderr)

    def test_a_run_that_moved_away_from_data_at_an_absolute_path_works(self):
        self.at(self.home, "train", "config.json", "--run-dir", "whole", "--set", f"data.path={self.home / 'd.csv'}",
                "--set", f"data.test_path={self.home / 'test.csv'}", "--set", f"data.valid_path={self.home / 'valid.csv'}")
        shutil.move(self.home / "whole", self.away / "whole")
        self.at(self.dir, "evaluate", "away/deep/whole")


if __name__ == "__main__":
    support.main()
