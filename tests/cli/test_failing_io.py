"""Any call on a file may fail, and any moment may be the last: a sample of what scripts/fail_io.py tries in full."""

import random
import sys
import tempfile
import unittest

import support

sys.path.insert(0, str(support.ROOT / "tests/shim"))
import campaign  # noqa: E402
import commands  # noqa: E402
import swap  # noqa: E402

COMMANDS = {command.name: command for command in commands.commands()}


class FailingIO(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if campaign.sanitized(support.PROGRAM):
            raise unittest.SkipTest("a program with a sanitizer loads nothing before it")
        folder = tempfile.TemporaryDirectory(prefix="latent-test-")
        cls.addClassCleanup(folder.cleanup)
        cls.runs = campaign.Campaign(support.PROGRAM, folder.name, campaign.library())

    def try_some(self, name, tries, kinds):
        """Lets `tries` calls of each of the `kinds` fail, drawn by the command's name."""
        command, rng = COMMANDS[name], random.Random(name)
        self.runs.begin(command)
        for call, do in kinds:
            calls = self.runs.calls_of(command, call)
            for at in sorted(rng.sample(range(1, calls + 1), min(tries, calls))):
                with self.subTest(command=name, call=call, do=do, at=at):
                    self.assertTrue(self.runs.attempt(command, call, do, at))

    def test_training_says_what_failed_and_goes_on_to_the_same_bits(self):
        self.try_some("train", 2, [("write", "ENOSPC"), ("write", "short"), ("rename", "EIO"), ("change", "kill")])

    def test_a_run_that_is_replaced_stands_until_the_new_one_does(self):
        self.try_some("overwrite", 3, [("change", "kill"), ("rename", "EIO")])

    def test_a_sweep_goes_on_to_the_same_table(self):
        self.try_some("sweep", 1, [("write", "ENOSPC"), ("change", "kill")])

    def test_an_export_leaves_the_old_model_or_the_new_one(self):
        self.try_some("export pt", 2, [("write", "ENOSPC+"), ("fsync", "EIO"), ("read", "EIO")])

    def test_answers_go_to_a_whole_file_or_none(self):
        self.try_some("recommend", 3, [("open", "EMFILE"), ("write", "short"), ("read", "EIO"), ("mmap", "EIO"), ("change", "kill"), campaign.MEMORY])

    def test_a_cache_that_cannot_be_written_is_none(self):
        self.try_some("cache", 1, [("mkdir", "ENOSPC"), ("write", "ENOSPC"), ("change", "kill")])

    def test_a_server_keeps_its_model_where_a_swap_fails(self):
        lists = swap.ready(self.runs)
        for call, do in (("read", "EIO"), ("open", "EMFILE")):
            first, last = swap.calls_of(self.runs, call)
            for at in sorted({first, (first + last) // 2, last}):
                with self.subTest(call=call, do=do, at=at):
                    self.assertTrue(swap.attempt(self.runs, lists, call, do, at))


if __name__ == "__main__":
    support.main()
