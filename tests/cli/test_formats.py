#!/usr/bin/env python3
"""The database of a sweep that today's version wrote is read; a newer or damaged one is refused with what it is."""
import random
import shutil
import sqlite3
import unittest

import support

FORMATS = support.ROOT / "tests/data/formats"


class SweepDatabase(support.Case):
    def folder(self, name, version=1):
        shutil.rmtree(self.dir / name, ignore_errors=True)
        (self.dir / name).mkdir()
        for kind in ("sqlite", "json"):
            shutil.copy(FORMATS / f"sweep-v{version}.{kind}", self.dir / name / f"sweep.{kind}")
        rows = [(u, i, 1 + (u * 3 + i * 5) % 5) for u in range(1, 7) for i in range(1, 9) if (u + i) % 3]
        (self.dir / "r.csv").write_text("user,item,rating,time\n" + "".join(f"u{u},b{i},{r},{u * 10 + i}\n" for u, i, r in rows))
        return self.dir / name

    def test_of_earlier_versions_is_gone_on_with(self):
        for version in (1, 2):
            folder = self.folder("kept", version)
            done = self.latent("sweep", "--resume", "kept")
            self.assertIn("0.8821", done.stdout)
            self.assertIn("winner: trial 2", done.stdout)
            with sqlite3.connect(folder / "sweep.sqlite") as db:
                self.assertEqual(db.execute("SELECT count(*) FROM results").fetchone(), (3,))

    def test_whose_result_was_changed_is_refused(self):
        with sqlite3.connect(self.folder("changed", 2) / "sweep.sqlite") as db:
            db.execute("UPDATE results SET value = 0.1 WHERE trial = 1")
        self.assertIn("a result of trial 1 has another checksum", self.complaint("sweep", "--resume", "changed"))

    def test_of_a_newer_version_is_refused_by_that_name(self):
        folder = self.folder("newer")
        with sqlite3.connect(folder / "sweep.sqlite") as db:
            db.execute("PRAGMA user_version = 7")
        self.assertIn("is of format 7, which a newer latent wrote; this one reads format", self.complaint("sweep", "--resume", "newer"))

    def test_damaged_is_refused_or_the_same(self):
        whole = (FORMATS / "sweep-v1.sqlite").read_bytes()
        draw = random.Random(1)
        for _ in range(8):
            folder = self.folder("damaged")
            bytes_ = bytearray(whole)
            bytes_[draw.randrange(100)] ^= 1 << draw.randrange(8)  # of the header
            (folder / "sweep.sqlite").write_bytes(bytes_)
            done = support.subprocess.run(support.command("sweep", "--resume", "damaged"), cwd=self.dir, env=support.environment(self.dir), capture_output=True, encoding="utf-8")
            self.assertIn(done.returncode, (0, 1), done.stderr)
            if done.returncode == 0:
                self.assertIn("winner: trial 2", done.stdout)


if __name__ == "__main__":
    unittest.main()
