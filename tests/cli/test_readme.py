"""README's console blocks, run in order in a folder like the repository's own, give the output that stands there."""

import os
import pathlib
import re
import subprocess
import unittest

import support
from console import console_commands, difference

DATA = pathlib.Path(os.environ.get("LATENT_SHARED_DATA", ""))
README = (support.ROOT / "README.md").read_text(encoding="utf-8")


class Comparison(unittest.TestCase):
    def test_text_and_whole_numbers_are_compared_exactly(self):
        self.assertEqual(difference("users  943\n", "users  943\n"), "")
        self.assertIn("944", difference("users  943\n", "users  944\n"))
        self.assertIn("items", difference("users  943\n", "items  943\n"))
        self.assertIn("2 lines in place of 1", difference("a\n", "a\nb\n"))
        self.assertIn("1 lines in place of 2", difference("a\nb\n", "a\n"))

    def test_decimals_may_differ_by_the_tolerance(self):
        self.assertEqual(difference("rmse 0.9044", "rmse 0.9051"), "")
        self.assertIn("0.9244", difference("rmse 0.9044", "rmse 0.9244"))

    def test_times_may_be_any(self):
        self.assertEqual(difference("965 steps in 0.7 s", "965 steps in 12.3 s"), "")
        self.assertEqual(difference("fit_seconds  0.1  0.2", "fit_seconds  0.7  2.25"), "")
        self.assertIn("966", difference("965 steps in 0.7 s", "966 steps in 0.7 s"))


@unittest.skipUnless((DATA / "ml-100k").is_dir(), f"no real data at {DATA}")
class Readme(support.Case):
    def test_its_commands_print_what_it_says(self):
        # README's commands are given in the repository; what they would fetch is taken from the folder of real data.
        here, programs = self.dir / "latent", self.dir / "bin"
        for folder in (here, programs):
            folder.mkdir()
        for folder in ("configs", "scripts"):
            (here / folder).symlink_to(support.ROOT / folder)
        (programs / "latent").symlink_to(pathlib.Path(support.PROGRAM).resolve())
        environment = support.environment(self.dir)
        environment["PATH"] = f"{programs}{os.pathsep}{environment['PATH']}"
        commands = console_commands(README)
        self.assertGreaterEqual(len(commands), 4)
        for command, expected in commands:
            with self.subTest(command=command):
                command = re.sub(r"^scripts/fetch_data.sh ", rf"\g<0>--from {DATA.resolve()} ", command)
                done = subprocess.run(["bash", "-c", command], cwd=here, env=environment, capture_output=True,
                                      encoding="utf-8", timeout=300)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(difference(expected, done.stdout), "")

    def test_the_config_it_shows_is_the_file_it_names(self):
        shown = re.search(r"\]\(configs/movielens\.json\):\n\n```json\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
        self.assertEqual(shown.group(1), (support.ROOT / "configs/movielens.json").read_text(encoding="utf-8"))


if __name__ == "__main__":
    support.main()
