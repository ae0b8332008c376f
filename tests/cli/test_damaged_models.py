"""The short form of scripts/damage_models.py: program, library and server refuse damaged model files in one line, or answer as from whole ones."""

import re
import subprocess
import sys

import support


class DamagedModels(support.Case):
    def test_each_is_refused_or_answers_as_the_whole_one(self):
        words = [sys.executable, support.ROOT / "scripts/damage_models.py", "--count", "66", "--program", support.PROGRAM, "--keep", self.dir / "kept"]
        done = subprocess.run(list(map(str, words)), capture_output=True, text=True, timeout=600)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertRegex(done.stdout.splitlines()[-1], r"^66 damaged files, \d ways of asking \(program, .*server.*\), 0 failures$")
        self.assertGreater(sum(map(int, re.findall(r"(\d+) refused", done.stdout))), 66)


if __name__ == "__main__":
    support.main()
