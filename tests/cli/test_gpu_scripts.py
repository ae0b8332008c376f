"""The scripts for a machine with a GPU, dry-run on the CPU: the same code, by LATENT_DEVICE_CODE. Nothing that is timed is judged."""

import json
import subprocess
import sys
import unittest

import support

try:
    import torch
except ImportError:
    torch = None


@unittest.skipUnless(torch, "no torch here")
class GpuScripts(support.Case):
    def script(self, name, *arguments):
        words = [sys.executable, support.ROOT / "scripts" / name, "--latent", support.PROGRAM, "--device", "cpu", "--quick", *arguments]
        done = subprocess.run(list(map(str, words)), capture_output=True, text=True, timeout=600)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_checks_pass_on_the_code_of_a_device(self):
        told = self.script("gpu_checks.py", "--only", "draws: mf softmax,draws: bpr pytorch,weights,memory,export,resume: bpr")
        self.assertIn("7 checks on cpu, 0 fell", told)

    def test_the_benchmark_runs_and_writes_its_figures(self):
        told = self.script("bench_gpu.py", "--json", self.dir / "bench.json")
        self.assertIn("a dry run", told)
        figures = self.json("bench.json")
        self.assertEqual([row["row"].split()[0] for row in figures["rows"]][:4], ["latent_factor", "bpr", "mf", "ranking"])
        self.assertGreater(figures["copy_bytes_per_second"], 0)
        self.assertTrue(all("from" in row or "million samples/s" in row for row in figures["rows"]), json.dumps(figures))


if __name__ == "__main__":
    support.main()
