"""What the shells offer: the scripts of latent completion, loaded and asked."""

import os
import pathlib
import re
import shutil
import subprocess
import unittest

import support


class Completion(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for shell in ("bash", "zsh"):
            (cls.dir / shell).write_text(support.Case.latent(cls(), "completion", shell).stdout)
        (cls.dir / "mine.json").write_text("{}")
        (cls.dir / "my own.json").write_text("{}")
        (cls.dir / "folder").mkdir()

    def offered(self, *words):
        """What bash offers for the last of the words behind latent, as it takes a line apart."""
        parts = [part for word in words for part in re.split("(=)", word) if part or not word]
        if words[-1].endswith("=") and len(parts) > 1:
            parts = parts[:-1] if parts[-1] == "" else parts
        script = 'source ./bash; COMP_WORDS=(latent "$@"); COMP_CWORD=$#; _latent; printf "%s\\n" "${COMPREPLY[@]}"'
        done = subprocess.run(["bash", "-uc", script, "bash", *parts], cwd=self.dir, capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return [line for line in done.stdout.split("\n") if line]

    def test_bash_takes_the_script_and_ties_it_to_the_program(self):
        done = subprocess.run(["bash", "-c", "source ./bash && complete -p latent"], cwd=self.dir, capture_output=True, text=True)
        self.assertEqual((done.stdout, done.stderr), ("complete -F _latent latent\n", ""))

    def test_the_example_works_as_written(self):
        example = self.latent("completion", "--help").stdout.split("Example:\n  ")[1].strip()
        written = self.dir / example.split("~/")[1]
        written.parent.mkdir(parents=True)
        path = f"{pathlib.Path(support.PROGRAM).resolve().parent}:{os.environ['PATH']}"
        subprocess.run(["bash", "-c", example], env={**os.environ, "HOME": str(self.dir), "PATH": path}, check=True)
        self.assertEqual(written.read_text(), (self.dir / "bash").read_text())

    def test_commands(self):
        listed = re.findall(r"(?m)^  (\w+) ", self.latent("--help").stdout.split("options]\n\n")[1].split("\n\n")[0])
        self.assertGreater(len(listed), 12)
        self.assertEqual(self.offered(""), [*listed, "help", "--help", "--version"])
        self.assertEqual(self.offered("tr"), ["train"])
        self.assertEqual(self.offered("help", "expo"), ["export"])
        self.assertEqual(self.offered("nonsense", ""), [])

    def test_every_option_of_every_command(self):
        for command in self.offered("")[:-3]:
            with self.subTest(command):
                told = re.findall(r"(?m)^ +(?=-)(-\w)?,? *(--[\w-]+)?", self.latent(command, "--help").stdout)
                expected = {spelling for spellings in told for spelling in spellings if spelling}
                self.assertEqual(set(self.offered(command, "-")), expected)
        self.assertEqual(self.offered("train", "c.json", "--o"), ["--overwrite"])

    def test_knobs_behind_set_and_the_values_of_those_that_have_few(self):
        knobs = [line.split()[0] for line in self.latent("config", "show").stdout.splitlines()]
        self.assertEqual(self.offered("train", "--set", ""), [f"{knob}=" for knob in knobs])
        self.assertEqual(self.offered("config", "check", "mine.json", "--set", "train.ep"), ["train.epochs="])
        self.assertEqual(self.offered("train", "--set", "train.optimizer=adam"), ["adam", "adam_lazy"])
        self.assertEqual(self.offered("train", "--set", "train.refit="), ["true", "false"])
        self.assertEqual(self.offered("train", "--set", "data.path=m"), [])

    def test_knobs_and_values_where_bash_does_not_take_words_apart(self):
        script = 'source ./bash; COMP_WORDS=(latent train --set train.optimizer=s); COMP_CWORD=3; _latent; echo "${COMPREPLY[@]}"'
        done = subprocess.run(["bash", "-c", script], cwd=self.dir, capture_output=True, text=True)
        self.assertEqual((done.stdout, done.stderr), ("train.optimizer=sgd\n", ""))

    def test_files_where_a_command_takes_one(self):
        for words in (["train"], ["train", "--run-dir"], ["config", "show"], ["config", "diff", "mine.json"], ["predict"],
                      ["train", "--set", "train.lr=3"], ["runs"], ["export", "--format", "npz"]):
            with self.subTest(words):
                self.assertEqual(sorted(self.offered(*words, "m")), ["mine.json", "my own.json"])
        self.assertEqual(self.offered("train", "fol"), ["folder"])
        for words in (["predict", "model.pt"], ["find", "model.pt"], ["recommend", "model.pt", "-k"], ["train", "mine.json"]):
            with self.subTest(words):
                self.assertEqual(self.offered(*words, "m"), [])

    def test_words_of_which_there_are_few(self):
        self.assertEqual(self.offered("config", ""), ["show", "check", "diff", "reference", "schema"])
        self.assertEqual(self.offered("data", ""), ["info"])
        self.assertEqual(self.offered("completion", "z"), ["zsh"])

    def test_other_shells_are_refused(self):
        self.assertEqual(self.complaint("completion", "zhs", code=2), "completion is for bash and zsh, not 'zhs'; did you mean 'zsh'?")
        self.assertIn("bash|zsh", self.complaint("completion", code=2))

    def test_zsh_names_every_command_and_option(self):
        text = (self.dir / "zsh").read_text()
        self.assertTrue(text.startswith("#compdef latent\n"))
        for command in self.offered("")[:-3]:
            self.assertIn(f"\n    {command})\n", text)
        for part in ("'--run-dir[", ":DIR:_files'", "'*--set[", ":_latent_set'", "'1:bash|zsh:(bash zsh)'"):
            self.assertIn(part, text)

    @unittest.skipUnless(shutil.which("zsh"), "no zsh on this system")
    def test_zsh_can_parse_the_script(self):
        done = subprocess.run(["zsh", "-n", "zsh"], cwd=self.dir, capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))


if __name__ == "__main__":
    support.main()
