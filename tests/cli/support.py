"""Shared by the tests of the program: runs it, writes small data and configs, reads what it leaves behind."""

import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest
import warnings
import zlib

import numpy as np

PROGRAM = os.environ.get("LATENT", "")
ROOT = pathlib.Path(__file__).resolve().parents[2]


class Case(unittest.TestCase):
    """A test case with a folder of its own, where the program runs and keeps its cache."""

    @classmethod
    def setUpClass(cls):
        cls.dir = pathlib.Path(tempfile.mkdtemp(prefix="latent-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.dir, ignore_errors=True)

    def latent(self, *arguments, code=0, **popen):
        """Runs the program to its end and checks its exit code; .stdout and .stderr are text."""
        done = subprocess.run(command(*arguments), cwd=self.dir, env=environment(self.dir), capture_output=True,
                              encoding="utf-8", timeout=300, **popen)
        self.assertEqual(done.returncode, code, f"{arguments}\n{done.stdout}\n{done.stderr}")
        return done

    def start(self, *arguments):
        """Starts the program; the caller waits for it."""
        return subprocess.Popen(command(*arguments), cwd=self.dir, env=environment(self.dir), stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, encoding="utf-8")

    def complaint(self, *arguments, code=1):
        """The one line that the program has to say about a mistake, without its name; how it read its data may stand before it."""
        done = self.latent(*arguments, code=code)
        self.assertEqual(done.stdout, "")
        lines = [line for line in done.stderr.splitlines() if not line.startswith("read as ")]
        self.assertEqual(len(lines), 1, done.stderr)
        self.assertTrue(lines[0].startswith("latent: "), done.stderr)
        return lines[0].removeprefix("latent: ")

    def train(self, run, *sets, config="config.json", flags=()):
        """Trains `config` into `run`; the finished process."""
        return self.latent("train", config, "--run-dir", run, *flags, *set_options(sets))

    def json(self, path):
        return json.loads((self.dir / path).read_text(encoding="utf-8"))

    def log(self, run):
        return [json.loads(line) for line in (self.dir / run / "log.jsonl").read_text().splitlines()]

    def checkpoints(self, run):
        return sorted((self.dir / run / "checkpoints").glob("*.ckpt"))

    def assert_same_tensors(self, one, other):
        self.assertEqual(list(one), list(other))
        for name in one:
            self.assertEqual(one[name].tobytes(), other[name].tobytes(), f"{name} differs")


def command(*arguments):
    return [PROGRAM, *map(str, arguments)]


def environment(folder):
    return {**os.environ, "XDG_CACHE_HOME": str(folder / "cache")}


def set_options(sets):
    return [word for text in sets for word in ("--set", text)]


def factors(model, count):
    """The knob model.factors for a model that has some, as a list of --set's texts."""
    return [] if model in ("mean", "bias_only", "baseline", "popularity", "item_mean") else [f"model.factors={count}"]


def write_config(path, **sections):
    """A config file; `data` may be the path alone."""
    if isinstance(sections.get("data"), (str, pathlib.Path)):
        sections["data"] = {"path": str(sections["data"])}
    path.write_text(json.dumps(sections, indent=2), encoding="utf-8")


def random_rows(users, items, rows, seed=0):
    """Distinct (user, item, rating) with ids u0.., i0.. and ratings 0..5 that biases and factors explain in part."""
    rng = np.random.default_rng(seed)
    pairs = rng.choice(users * items, rows, replace=False)
    u, i = pairs // items, pairs % items
    p, q = rng.normal(size=(users, 3)), rng.normal(size=(items, 3))
    score = 3 + rng.normal(size=users)[u] / 2 + rng.normal(size=items)[i] / 2 + (p[u] * q[i]).sum(1) / 3
    ratings = np.clip(np.round(score + rng.normal(size=rows) / 2), 0, 5).astype(int)
    return [(f"u{a}", f"i{b}", int(r)) for a, b, r in zip(u, i, ratings)]


def csv_text(rows, header="user_id,item_id,rating"):
    return "".join(",".join(map(str, row)) + "\n" for row in [header.split(","), *rows])


def write_rows(path, rows):
    path.write_text(csv_text(rows), encoding="utf-8")


def read_checkpoint(path):
    """(state, {name: array}) of a checkpoint file; see src/train/checkpoint.cpp."""
    raw = pathlib.Path(path).read_bytes()
    assert raw[:8] == b"LATCKPT1" and zlib.crc32(raw[:-4]) == struct.unpack("<I", raw[-4:])[0], path
    at = 16 + struct.unpack("<Q", raw[8:16])[0]
    header = json.loads(raw[16:at])
    tensors = {}
    for entry in header["tensors"]:
        kind = np.dtype({None: "<f4", "float64": "<f8", "bfloat16": "<u2"}[entry.get("type")])
        count = int(np.prod(entry["shape"]))
        values = np.frombuffer(raw, kind, count, at)
        if entry.get("type") == "bfloat16":  # the upper halves of floats
            values = (values.astype(np.uint32) << 16).view(np.float32)
        tensors[entry["name"]] = values.reshape(entry["shape"])
        at += kind.itemsize * count
    return header["state"], tensors


def change_state(path, change):
    """Lets `change` alter the state of a checkpoint file."""
    raw = pathlib.Path(path).read_bytes()
    at = 16 + struct.unpack("<Q", raw[8:16])[0]
    header = json.loads(raw[16:at])
    change(header["state"])
    text = json.dumps(header).encode()
    raw = raw[:8] + struct.pack("<Q", len(text)) + text + raw[at:-4]
    pathlib.Path(path).write_bytes(raw + struct.pack("<I", zlib.crc32(raw)))


def load_model(path):
    """A TorchScript model as any user of torch loads it."""
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of torch.jit itself
        return torch.jit.load(str(path))


def model_tables(path):
    """{name: array} of an exported model's parameters."""
    return {name: table.detach().numpy() for name, table in load_model(path).named_parameters()}


def main():
    if not PROGRAM:
        print("LATENT does not name the program: skipped")
        sys.exit(77)
    unittest.main(warnings="ignore")  # torch.jit announces its successor at every call
