"""docs/jobs.md is true: each job is three commands at most, and run in order they print what stands there.

    test_jobs.py --write     puts what they print now into the document
"""

import collections
import csv
import gzip
import os
import pathlib
import re
import subprocess
import sys

import support
from console import COMMAND, console_commands, difference, shown_files

SHARED = pathlib.Path(os.environ.get("LATENT_SHARED_DATA", ""))
DOCUMENT = support.ROOT / "docs/jobs.md"
FETCH = "scripts/fetch_data.sh "


class Jobs(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.text = DOCUMENT.read_text(encoding="utf-8")
        cls.jobs = re.split(r"^## ", cls.text, flags=re.MULTILINE)
        programs = cls.dir / "bin"
        programs.mkdir()
        (programs / "latent").symlink_to(pathlib.Path(support.PROGRAM).resolve())
        (programs / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" -W ignore "$@"\n')
        (programs / "python").chmod(0o755)
        for folder in ("configs", "scripts"):
            (cls.dir / folder).symlink_to(support.ROOT / folder)
        cls.environment = support.environment(cls.dir)
        cls.environment["PATH"] = f"{programs}{os.pathsep}{cls.environment['PATH']}"

        cls.printed = [[cls.run_command(command) for command, _ in cls.prepared(job)] for job in cls.jobs]

    @classmethod
    def prepared(cls, job):
        """The job's commands, once the files that it shows are there; none where it needs data that is not there."""
        if "ml-100k" in job and not (SHARED / "ml-100k").is_dir():
            return []
        for name, contents in shown_files(job).items():
            (cls.dir / name).write_text(contents, encoding="utf-8")
        return console_commands(job)

    @classmethod
    def run_command(cls, command):
        """What it prints; what it would fetch is taken from the folder of real data."""
        if command.startswith(FETCH):
            command = command.replace(FETCH, f"{FETCH}--from {SHARED.resolve()} ", 1)
        done = subprocess.run(["bash", "-c", command], cwd=cls.dir, env=cls.environment, capture_output=True, encoding="utf-8", timeout=300)
        if done.returncode != 0:
            raise AssertionError(f"{command}\n{done.stderr}")
        return done.stdout

    def test_there_are_ten_of_at_most_three_commands(self):
        self.assertEqual([int(job.split(".")[0]) for job in self.jobs[1:]], list(range(1, 11)))
        for job in self.jobs:
            with self.subTest(job.splitlines()[0]):
                self.assertIn(len(console_commands(job)), (1, 2, 3))

    def test_their_commands_print_what_it_says(self):
        for job, printed in zip(self.jobs, self.printed):
            with self.subTest(job.splitlines()[0]):
                if not printed:
                    self.skipTest(f"no real data at {SHARED}")
                for (command, expected), found in zip(console_commands(job), printed):
                    self.assertEqual(difference(expected, found), "", command)

    def test_going_on_comes_to_the_bits_of_a_run_without_a_pause(self):
        one, other = (support.model_tables(self.dir / f"runs/{run}/model.pt") for run in ("long", "shop"))
        self.assert_same_tensors(one, other)

    def test_the_batch_holds_a_list_for_everybody(self):
        with gzip.open(self.dir / "lists.csv.gz", "rt", encoding="utf-8") as file:
            users = collections.Counter(row["user"] for row in csv.DictReader(file))
        self.assertEqual((len(users), set(users.values())), (200, {3}))


def write():
    """The document with what its commands print now."""
    Jobs.setUpClass()
    text = ""
    for job, printed in zip(Jobs.jobs, Jobs.printed):
        outputs = iter(printed)
        text += ("## " if text else "") + COMMAND.sub(lambda found: f"$ {found[1]}\n{next(outputs, found[2])}", job)
    DOCUMENT.write_text(text, encoding="utf-8")
    Jobs.doClassCleanups()


if __name__ == "__main__":
    write() if "--write" in sys.argv else support.main()
