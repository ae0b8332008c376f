"""README's console blocks, run in order in a folder like the repository's own, give the output that stands there."""

import os
import pathlib
import re
import subprocess
import unittest

import support

DATA = pathlib.Path(os.environ.get("LATENT_SHARED_DATA", ""))
README = (support.ROOT / "README.md").read_text(encoding="utf-8")

TOLERANCE = 0.005  # of a figure: another processor rounds otherwise, another method is further off
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
TIME = re.compile(r"-?\d+(?:\.\d+)?(?= (?:ms|s|min|h|[kM]?/s|[kM] samples/s)\b)")


def console_commands(text):
    """[(command, output)] of the ```console blocks: a command begins with "$ ", its output ends at the next."""
    out = []
    for block in re.findall(r"^```console\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            out.append((command, output))
    return out


def difference(expected, found):
    """What is wrong with `found`, or "": text exactly, whole numbers too, decimals to TOLERANCE, times not at all."""
    old, new = expected.rstrip().split("\n"), found.rstrip().split("\n")
    if len(old) != len(new):
        return f"{len(new)} lines in place of {len(old)}"
    for was, now in zip(old, new):
        if TIME.sub("T", was) == TIME.sub("T", now):
            continue
        was_numbers, now_numbers = NUMBER.findall(TIME.sub("T", was)), NUMBER.findall(TIME.sub("T", now))
        text_differs = NUMBER.sub("", TIME.sub("T", was)) != NUMBER.sub("", TIME.sub("T", now))
        if text_differs or len(was_numbers) != len(now_numbers):
            return f"expected {was!r}, found {now!r}"
        for a, b in zip(was_numbers, now_numbers):
            whole = "." not in a and "." not in b
            if a != b and (whole or abs(float(a) - float(b)) > TOLERANCE * max(abs(float(a)), 1)):
                return f"expected {a} in {was!r}, found {b}"
    return ""


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
        self.assertIn("966", difference("965 steps in 0.7 s", "966 steps in 0.7 s"))


@unittest.skipUnless((DATA / "ml-100k").is_dir(), f"no real data at {DATA}")
class Readme(support.Case):
    def test_its_commands_print_what_it_says(self):
        # README's commands are given in the repository, beside which the data lies as shared/data.
        here, shared, programs = self.dir / "latent", self.dir / "shared", self.dir / "bin"
        for folder in (here, shared, programs):
            folder.mkdir()
        (shared / "data").symlink_to(DATA.resolve())
        (here / "configs").symlink_to(support.ROOT / "configs")
        (programs / "latent").symlink_to(pathlib.Path(support.PROGRAM).resolve())
        environment = support.environment(self.dir)
        environment["PATH"] = f"{programs}{os.pathsep}{environment['PATH']}"
        commands = console_commands(README)
        self.assertGreaterEqual(len(commands), 4)
        for command, expected in commands:
            with self.subTest(command=command):
                done = subprocess.run(["bash", "-c", command], cwd=here, env=environment, capture_output=True,
                                      encoding="utf-8", timeout=300)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(difference(expected, done.stdout), "")

    def test_the_config_it_shows_is_the_file_it_names(self):
        shown = re.search(r"\]\(configs/movielens\.json\):\n\n```json\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
        self.assertEqual(shown.group(1), (support.ROOT / "configs/movielens.json").read_text(encoding="utf-8"))


if __name__ == "__main__":
    support.main()
