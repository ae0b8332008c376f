"""Trainings and sweeps drawn at random end as if nobody had killed them: some rounds of scripts/kill_campaign.py."""

import random
import sys
import tempfile
import unittest

import support

sys.path.insert(0, str(support.ROOT / "scripts"))
import kill_campaign  # noqa: E402
from kill_campaign import campaign  # noqa: E402


class Killed(unittest.TestCase):
    def test_killed_trainings_and_sweeps_end_in_the_same_bits(self):
        if campaign.sanitized(support.PROGRAM):
            self.skipTest("a program with a sanitizer loads nothing before it")
        with tempfile.TemporaryDirectory(prefix="latent-test-") as folder:
            rounds = kill_campaign.Rounds(support.PROGRAM, folder, campaign.library())
            for number in (2, 3, 5, 6, 7, 8, 10):
                with self.subTest(round=number):
                    rounds.one(number, random.Random(f"short {number}"))
            self.assertGreater(rounds.kills, 3)


if __name__ == "__main__":
    support.main()
