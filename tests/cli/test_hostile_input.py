#!/usr/bin/env python3
"""Files and surroundings that nobody meant: nested without end, endless, looping, cut off, closed, full. Each costs one line and
little memory, and nothing that was there before is lost."""
import gzip
import json
import os
import pathlib
import resource
import subprocess
import tempfile
import unittest

import support

LIMIT = 3 << 30  # bytes of address space, LibTorch's own included


class HostileInput(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.dir = pathlib.Path(cls.folder.name)
        (cls.dir / "r.csv").write_text("user,item,rating\n" + "".join(
            f"u{u},b{i},{1 + (u * 3 + i * 5) % 5}\n" for u in range(20) for i in range(15) if (u + i) % 3))
        (cls.dir / "c.json").write_text(json.dumps({"data": {"path": "r.csv"}, "model": {"name": "latent_factor"}, "train": {"steps": 3}}))
        cls.run_program("train", "c.json", "--run-dir", "run", check=True)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def run_program(cls, *arguments, check=False, **options):
        return subprocess.run([support.PROGRAM, *arguments], cwd=cls.dir, capture_output=True, text=True, errors="replace", check=check, timeout=300, **options)

    def refuses(self, *arguments, words=(), limit=None, **options):
        """One line on stderr that names what is wrong, exit code 1."""
        def bound():
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        out = self.run_program(*arguments, preexec_fn=bound if limit else None, **options)
        lines = [line for line in out.stderr.splitlines() if line.startswith("latent: ")]
        self.assertEqual(out.returncode, 1, out.stderr[-300:])
        self.assertEqual(len(lines), 1, out.stderr[-300:])
        for word in words:
            self.assertIn(word, lines[0])
        return lines[0]

    def copy_of_run(self, name):
        subprocess.run(["cp", "-r", self.dir / "run", self.dir / name], check=True)
        return self.dir / name

    def test_json_nested_without_end(self):
        deep = '{"a":' * 100_000 + "1" + "}" * 100_000
        (self.dir / "deep.json").write_text(deep)
        self.refuses("train", "deep.json", words=["deep.json", "nested"])
        run = self.copy_of_run("deep-run")
        (run / "metrics.json").write_text("[" * 100_000)
        self.refuses("export", "deep-run", "-o", "x.pt", words=["metrics.json: damaged"])
        (run / "config.json").write_text(deep)
        self.refuses("evaluate", "deep-run", words=["deep-run/config.json"])

    def test_files_without_end(self):
        self.refuses("data", "info", "/dev/zero", words=["/dev/zero:1", "MB"], limit=LIMIT)
        self.refuses("train", "/dev/zero", words=["/dev/zero"], limit=LIMIT)
        with gzip.open(self.dir / "long.csv.gz", "wb", 1) as out:
            out.write(b"user,item,rating\n")
            for _ in range(100):
                out.write(b"a" * 1_000_000)
        self.refuses("data", "info", "long.csv.gz", words=["long.csv.gz:2", "MB"], limit=LIMIT)

    def test_empty_files(self):
        self.refuses("train", "/dev/null", words=["/dev/null"])
        (self.dir / "bom.csv").write_bytes(b"\xef\xbb\xbf")
        self.refuses("data", "info", "bom.csv", words=["bom.csv: no rows"])

    def test_names_that_are_too_long(self):
        name = "n" * 256
        self.refuses("train", "c.json", "--run-dir", name, words=["File name too long"])
        self.refuses("data", "info", name, words=["File name too long"])
        self.refuses("train", "c.json", "--run-dir", "x", "--set", f"data.path={name}", words=["n" * 256])
        self.refuses("train", "c.json", "--run-dir", "x", "--set", f"data.titles.path={name}", words=["n" * 256])
        self.refuses("export", "run", "-o", name + ".pt", words=["File name too long"])

    def test_links_that_lead_in_circles(self):
        for a, b in [("loop1", "loop2"), ("loop2", "loop1")]:
            (self.dir / a).symlink_to(b)
        for arguments in [["data", "info", "loop1"], ["train", "c.json", "--run-dir", "loop1/x"], ["evaluate", "loop1"],
                          ["recommend", "loop1", "--user", "u1"], ["train", "loop1"], ["runs", "loop1"], ["export", "run", "-o", "loop1/m.pt"]]:
            self.refuses(*arguments, words=["loop1"])

    def test_files_of_a_run_that_hold_something_else(self):
        config = json.loads((self.dir / "run/config.json").read_text())
        for value in [3, None, [], "text"]:
            run = self.copy_of_run(f"provenance-{type(value).__name__}")
            (run / "config.json").write_text(json.dumps({**config, "provenance": value}))
            for arguments in [["evaluate", run.name], ["train", "--resume", run.name], ["export", run.name, "-o", "x.pt"]]:
                self.refuses(*arguments, words=[run.name])
        for n, text in enumerate(["[1", "[1]", "3", '{"test": 3, "train": 4}', ""]):
            run = self.copy_of_run(f"metrics-{n}")
            (run / "metrics.json").write_text(text)
            self.run_program("runs", ".", check=True)
            if text.startswith("{"):
                continue
            self.refuses("export", run.name, "-o", "x.pt", words=["metrics.json: damaged"])
        self.assertFalse((self.dir / "x.pt").exists())

    def test_a_closed_standard_error_or_output(self):
        for closed in ["2>&-", "2>&- <&-"]:
            subprocess.run(["bash", "-c", f"'{support.PROGRAM}' recommend run --users all -o lists.csv {closed}"], cwd=self.dir, check=True, capture_output=True)
            lines = (self.dir / "lists.csv").read_text().splitlines()
            self.assertEqual(lines[0], "user,rank,item,score")
            self.assertTrue(all(len(line.split(",")) == 4 for line in lines))
        out = subprocess.run(["bash", "-c", f"'{support.PROGRAM}' recommend run --user u1 >&-"], cwd=self.dir, capture_output=True, text=True)
        self.assertEqual(out.returncode, 1)
        self.assertIn("cannot write to standard output", out.stderr)

    def test_a_limit_on_the_size_of_files(self):
        line = subprocess.run(["bash", "-c", f"ulimit -f 1; exec '{support.PROGRAM}' train c.json --run-dir small"],
                              cwd=self.dir, capture_output=True, text=True)
        self.assertEqual(line.returncode, 1, line.stderr)
        self.assertIn("File too large", line.stderr)

    def test_separators_and_columns_of_titles(self):
        (self.dir / "titles.csv").write_text("item;title\nb1;x\n")
        self.refuses("train", "c.json", "--run-dir", "x", "--set", "data.titles.path=titles.csv", "--set", "data.titles.separator=",
                     words=["data.titles.separator"])
        self.refuses("train", "c.json", "--run-dir", "x", "--set", "data.titles.path=titles.csv", "--set", "data.titles.id=99999",
                     words=["data.titles.id", "99999"])

    def test_tens_of_thousands_of_keys_in_an_object(self):
        row = {**{f"k{n}": 1 for n in range(80_000)}, "user": "a", "item": "b", "rating": 3}
        (self.dir / "keys.json").write_text((json.dumps(row) + "\n") * 2)
        self.assertEqual(self.run_program("data", "info", "keys.json").returncode, 0)

    def test_what_a_killed_writer_left_is_removed_by_the_next(self):
        (self.dir / "m.pt.tmp-0123456789abcdef").write_text("half")
        (self.dir / "m.pt.tmp").write_text("mine")
        self.run_program("export", "run", "-o", "m.pt", check=True)
        self.assertEqual(sorted(p.name for p in self.dir.glob("m.pt*")), ["m.pt", "m.pt.tmp"])


if __name__ == "__main__":
    support.main()
