"""Where -o leads: files, links, pipes, devices and standard output, for every command that writes one."""

import csv
import gzip
import io
import os
import subprocess
import unittest
import zipfile

import numpy as np

import support


class Output(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        support.write_rows(cls.dir / "d.csv", support.random_rows(30, 20, 300))
        support.write_config(cls.dir / "config.json", data="d.csv", split={"valid": 0.1}, train={"steps": 5, "batch_size": 50})
        support.Case.train(cls(), "run", "model.factors=3")
        support.Case.train(cls(), "ranks", "model.name=bpr", "model.factors=3")
        (cls.dir / "pairs.csv").write_text("u1,i1\nu2,i2\n")
        # The option that names the file comes last.
        cls.commands = {
            "predict": ["predict", "run", "--pairs", "pairs.csv", "-o"],
            "recommend": ["recommend", "run", "--users", "all", "-k", "3", "-o"],
            "synth": ["synth", "--users", "50", "--items", "40", "--ratings", "300", "-o"],
            "evaluate": ["evaluate", "run", "--predictions"],
            "export": ["export", "run", "-o"],
            "npz": ["export", "run", "--format", "npz", "-o"],
            "implicit": ["export", "ranks", "--format", "npz", "-o"],
        }
        cls.suffix = {"export": ".pt", "npz": ".npz", "implicit": ".npz"}
        cls.expected = {}
        for name, words in cls.commands.items():
            path = f"{name}-plain{cls.suffix.get(name, '.csv')}"
            cls().latent(*words, path)
            cls.expected[name] = (cls.dir / path).read_bytes()

    def stdout_of(self, *words, code=0, **popen):
        """The bytes on standard output, and the text on standard error."""
        done = subprocess.run(support.command(*words), cwd=self.dir, env=support.environment(self.dir), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=300, **popen)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout, done.stderr.decode()

    def test_a_dash_is_standard_output(self):
        for name, words in self.commands.items():
            with self.subTest(name):
                out, err = self.stdout_of(*words, "-")
                self.assertEqual(out, self.expected[name])
                self.assertNotIn("wrote", err)
        self.assertFalse((self.dir / "-").exists())

    def test_the_metrics_go_to_stderr_where_predictions_go_to_stdout(self):
        _, err = self.stdout_of(*self.commands["evaluate"], "-")
        self.assertRegex(err, r"(?m)^mse ")

    def test_dev_stdout_is_written_and_stays_what_it_is(self):
        before = os.readlink("/dev/stdout") if os.path.islink("/dev/stdout") else None
        for name, words in self.commands.items():
            if name == "evaluate":
                continue  # its table goes there, too
            with self.subTest(name):
                self.assertEqual(self.stdout_of(*words, "/dev/stdout")[0], self.expected[name])
                self.assertEqual(os.readlink("/dev/stdout") if os.path.islink("/dev/stdout") else None, before)

    def test_dev_stdout_appends_where_the_shell_does(self):
        (self.dir / "log.csv").write_bytes(b"before\n")
        with open(self.dir / "log.csv", "ab") as log:
            subprocess.run(support.command(*self.commands["predict"], "/dev/stdout"), cwd=self.dir, env=support.environment(self.dir),
                           stdout=log, stderr=subprocess.DEVNULL, check=True)
        self.assertEqual((self.dir / "log.csv").read_bytes(), b"before\n" + self.expected["predict"])

    def test_a_named_pipe_is_written_into(self):
        for name, words in self.commands.items():
            with self.subTest(name):
                pipe = self.dir / f"{name}-pipe"
                os.mkfifo(pipe)
                process = self.start(*words, pipe.name)
                with open(pipe, "rb") as file:
                    got = file.read()
                _, err = process.communicate(timeout=120)
                self.assertEqual((process.returncode, got), (0, self.expected[name]), err)
                self.assertTrue(pipe.is_fifo())

    def test_a_pipe_without_a_format_gets_a_torchscript_module(self):
        out, _ = self.stdout_of("export", "ranks", "-o", "-")
        with zipfile.ZipFile(io.BytesIO(out)) as archive:
            self.assertTrue(any(name.endswith("latent.json") for name in archive.namelist()))

    def test_npz_from_standard_output_loads(self):
        out, _ = self.stdout_of(*self.commands["implicit"], "-")
        self.assertEqual(np.load(io.BytesIO(out))["item_factors"].shape, (20, 4))

    def test_a_link_stays_and_its_target_is_replaced(self):
        for name, words in self.commands.items():
            with self.subTest(name):
                suffix = self.suffix.get(name, ".csv")
                (self.dir / f"{name}-target{suffix}").write_bytes(b"old")
                link = self.dir / f"{name}-link{suffix}"
                link.symlink_to(f"{name}-target{suffix}")
                self.latent(*words, link.name)
                self.assertTrue(link.is_symlink())
                self.assertEqual(link.read_bytes(), self.expected[name])
        self.assertEqual(list(self.dir.glob("*.tmp*")), [])

    def test_a_failed_command_leaves_what_a_link_leads_to_as_it_was(self):
        (self.dir / "kept.csv").write_text("old")
        (self.dir / "to-kept.csv").symlink_to("kept.csv")
        (self.dir / "unknown.csv").write_text("u1,i1\nnobody,i1\n")
        self.latent("predict", "run", "--pairs", "unknown.csv", "-o", "to-kept.csv", code=1)
        self.assertEqual((self.dir / "kept.csv").read_text(), "old")
        self.assertEqual(list(self.dir.glob("*.tmp*")), [])

    @unittest.skipUnless(os.path.exists("/dev/full"), "no /dev/full on this system")
    def test_a_full_device_is_one_line(self):
        for name, words in self.commands.items():
            with self.subTest(name):
                err = self.latent(*words, "/dev/full", code=1).stderr.splitlines()[-1]
                self.assertRegex(err, r"^latent: /dev/full: cannot write: No space left")
        self.assertFalse(os.path.isfile("/dev/full"))

    def test_a_device_is_no_file_afterwards(self):
        for words in self.commands.values():
            self.latent(*words, "/dev/null")
        self.assertTrue(os.path.exists("/dev/null") and not os.path.isfile("/dev/null"))

    def test_commands_stand_in_a_pipeline(self):
        pairs = (self.dir / "pairs.csv").read_bytes()
        out, _ = self.stdout_of("predict", "run", "--pairs", "-", "-o", "-", input=pairs)
        self.assertEqual(out, self.expected["predict"])

    def test_gz_by_name_goes_through_a_link_and_a_pipe(self):
        (self.dir / "link.csv.gz").symlink_to("target.csv.gz")
        os.mkfifo(self.dir / "pipe.csv.gz")
        self.latent(*self.commands["predict"], "link.csv.gz")
        process = self.start(*self.commands["predict"], "pipe.csv.gz")
        with open(self.dir / "pipe.csv.gz", "rb") as file:
            got = file.read()
        process.communicate(timeout=120)
        for raw in [got, (self.dir / "target.csv.gz").read_bytes()]:
            self.assertEqual(gzip.decompress(raw), self.expected["predict"])


class Format(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        support.write_rows(cls.dir / "d.csv", support.random_rows(30, 20, 300))
        support.write_config(cls.dir / "config.json", data="d.csv", train={"steps": 2, "batch_size": 50})
        support.Case.train(cls(), "run")

    def members(self, name):
        with zipfile.ZipFile(self.dir / name) as archive:
            return archive.namelist()

    def test_the_suffix_of_an_export_decides_its_format(self):
        self.latent("export", "run", "-o", "a.npz")
        self.assertIn("alpha.npy", self.members("a.npz"))
        self.latent("export", "run", "-o", "a.pt")
        self.latent("predict", "a.pt", "u1", "i1")

    def test_another_suffix_needs_a_format(self):
        for name in ["model", "model.bin", "model.npy", "model.pt.old"]:
            said = self.complaint("export", "run", "-o", name)
            self.assertRegex(said, rf"^{name}: name it \.pt .*, \.npz .* or \.safetensors, or give --format")
            self.assertFalse((self.dir / name).exists())
        self.latent("export", "run", "-o", "tables.bin", "--format", "npz")
        self.assertIn("alpha.npy", self.members("tables.bin"))

    def test_a_format_that_contradicts_the_suffix_is_refused(self):
        for name, other in [("x.npz", "torchscript"), ("x.pt", "npz")]:
            said = self.complaint("export", "run", "-o", name, "--format", other)
            self.assertRegex(said, rf"^{name}: is named \.\w+, but --format is {other}; leave --format out")
        self.assertIn("torchscript, npz or safetensors", self.complaint("export", "run", "-o", "x.pt", "--format", "onnx", code=2))


class Predictions(support.Case):
    def test_predictions_are_those_of_the_part_asked_for(self):
        rows = support.random_rows(30, 20, 300)
        support.write_rows(self.dir / "d.csv", rows)
        support.write_config(self.dir / "config.json", data="d.csv", split={"test": 0.2, "valid": 0.1},
                             train={"steps": 20, "batch_size": 50})
        self.train("run")
        found = {}
        for source in ["run", "run/model.pt"]:
            for part in ["train", "valid", "test"]:
                self.latent("evaluate", source, "--predictions", "p.csv", "--part", part)
                with open(self.dir / "p.csv", newline="", encoding="utf-8") as file:
                    found[part] = [(r["user"], r["item"], int(r["rating"])) for r in csv.DictReader(file)]
            self.assertEqual([len(found[part]) for part in ["train", "valid", "test"]], [210, 30, 60])
            self.assertEqual(sorted(found["train"] + found["valid"] + found["test"]), sorted(rows))
        self.latent("evaluate", "run", "--predictions", "default.csv")
        self.assertEqual((self.dir / "default.csv").read_bytes(), (self.dir / "p.csv").read_bytes())

    def test_a_part_that_is_not_there_or_not_known_is_refused(self):
        support.write_rows(self.dir / "d.csv", support.random_rows(30, 20, 300))
        support.write_config(self.dir / "config.json", data="d.csv", train={"steps": 2, "batch_size": 50})
        self.train("no-valid")
        said = self.complaint("evaluate", "no-valid", "--predictions", "p.csv", "--part", "valid")
        self.assertIn("the valid part has no rows; choose another with --part", said)
        self.assertFalse((self.dir / "p.csv").exists())
        self.assertIn("train, valid or test", self.complaint("evaluate", "no-valid", "--predictions", "p.csv", "--part", "all", code=2))
        self.assertIn("--predictions", self.complaint("evaluate", "no-valid", "--part", "valid", code=2))


if __name__ == "__main__":
    support.main()
