"""The short form of scripts/soak.sh: mixed load while models are swapped and damaged ones refused."""

import json
import subprocess
import sys

import support


class Soak(support.Case):
    def test_no_request_fails_while_models_are_swapped_and_damaged_ones_refused(self):
        words = [sys.executable, support.ROOT / "scripts/soak.py", "5", "--threads", "3", "--damaged-every", "3", "--program", support.PROGRAM]
        done = subprocess.run(list(map(str, words)), capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr)
        told = json.loads(done.stdout)
        self.assertEqual(told["failed"], 0)
        self.assertGreater(told["refused"], 0)
        self.assertGreater(told["swaps"], 2)
        for kind in ["recommend", "similar", "score", "rank", "fold-in", "infer JSON", "infer bytes", "metrics"]:
            self.assertGreater(told["by_kind"][kind], 0)


if __name__ == "__main__":
    support.main()
