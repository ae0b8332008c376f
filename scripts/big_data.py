#!/usr/bin/env python3
"""Trains on rows that are more than the memory: made by latent synth, in a control group with so much memory beside the tables; and as fast in memory.

    scripts/big_data.py [--rows 200000000] [--memory 1e9] [--folder /tmp] [--steps 200] [--latent build/release/latent]

As root, where control groups of memory (version 1 or 2) can be made. Prints JSON: the limit, the peak of the group, and samples a second of rows on disk
and in memory (in blocks, and in random order), all with the same steps; the weights of the first two are compared. Takes 40 bytes of disk a row.
"""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
# What a user or item takes beside its row of the tables: its text, and its place in a table of ids at most half full.
ID_BYTES = 80
COPIES = 4  # of the tables: themselves, their gradient, two moments


class MemoryGroup:
    """A control group of its own with a limit of memory."""

    def __init__(self, limit):
        name = f"latent-big-{os.getpid()}"
        first, second = pathlib.Path("/sys/fs/cgroup/memory"), pathlib.Path("/sys/fs/cgroup")
        self.old = (first / "memory.limit_in_bytes").exists()
        self.folder = (first if self.old else second) / name
        self.folder.mkdir()
        (self.folder / ("memory.limit_in_bytes" if self.old else "memory.max")).write_text(str(int(limit)))

    def join(self):
        (self.folder / "cgroup.procs").write_text(str(os.getpid()))

    def peak(self):
        """Bytes with pages of files, and the number of times that the limit was met."""
        files = ("memory.max_usage_in_bytes", "memory.failcnt") if self.old else ("memory.peak", "memory.events")
        most, met = ((self.folder / name).read_text().split() for name in files)
        return int(most[0]), int(met[0] if self.old else met[met.index("max") + 1])

    def remove(self):
        self.folder.rmdir()


def run(command, group=None):
    """Seconds, and the most of its own memory, that a command takes."""
    began, most = time.monotonic(), 0
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               preexec_fn=group.join if group else None)
    while process.poll() is None:
        status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
        lines = [line.split() for line in status.splitlines() if line.startswith("RssAnon")]
        most = max([most, *(int(line[1]) * 1024 for line in lines)])
        time.sleep(0.05)
    said = process.stdout.read()
    if process.returncode != 0:
        sys.exit(f"{command}\n{said}")
    return time.monotonic() - began, most


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rows", type=float, default=200e6)
    options.add_argument("--users", type=int, default=1_000_000)
    options.add_argument("--items", type=int, default=100_000)
    options.add_argument("--factors", type=int, default=8)
    options.add_argument("--memory", type=float, default=1e9, help="bytes beside the tables")
    options.add_argument("--steps", type=int, default=400)
    options.add_argument("--batch", type=int, default=50_000)
    options.add_argument("--folder", default=tempfile.gettempdir())
    options.add_argument("--latent", default=ROOT / "build/release/latent")
    o = options.parse_args()
    rows, folder = int(o.rows), pathlib.Path(tempfile.mkdtemp(prefix="latent-big-", dir=o.folder))
    tables = (o.users + o.items) * ((o.factors + 1) * 4 * COPIES + ID_BYTES)
    limit = int(o.memory) + tables
    out = {"rows": rows, "bytes_of_rows": 12 * rows, "tables": tables, "limit": limit}
    config = folder / "config.json"
    config.write_text(json.dumps({
        "data": {"path": str(folder / "rows.csv"), "cache_dir": str(folder / "cache"), "memory": 0.3},
        "split": {"kind": "by_row", "test": 0.01},
        "model": {"name": "latent_factor", "factors": o.factors},
        "train": {"optimizer": "adam_lazy", "batch_size": o.batch, "steps": o.steps, "lr": 0.01},
        "eval": {"per_user": False}, "export": {"auto": False}}))
    train = [o.latent, "train", config, "--overwrite", "--run-dir"]
    group = None
    try:
        out["synth_seconds"], out["synth_memory"] = run(
            [o.latent, "synth", "-o", folder / "rows.csv", "--csv", "--users", o.users, "--items", o.items, "--ratings", rows])
        group = MemoryGroup(limit)
        for name, in_group, sets in [("parsed", group, []), ("disk", group, []), ("memory", None, ["data.memory=1"]),
                                     ("memory_random", None, ["data.memory=1", "train.order=random"])]:
            words = [word for text in sets for word in ("--set", text)]
            seconds, own = run([*train, folder / name, *words], in_group)
            figures = json.loads((folder / name / "metrics.json").read_text())
            out[name] = {"seconds": seconds, "own_memory": own, "samples_per_second": figures["train"]["samples_per_second"],
                         "objective": figures["train"]["objective"], "test_rmse": figures["test"]["rmse"]}
            if in_group:
                out[name]["peak_of_group"], out[name]["limit_met"] = group.peak()
            print(name, json.dumps(out[name]), file=sys.stderr)
        newest = [max((folder / name / "checkpoints").glob("*.ckpt")) for name in ("disk", "memory")]
        out["same_weights"] = tensors(newest[0]) == tensors(newest[1])
        out["speed"] = out["disk"]["samples_per_second"] / out["memory_random"]["samples_per_second"]
    finally:
        if group:
            group.remove()
        shutil.rmtree(folder)
    print(json.dumps(out, indent=1))


def tensors(path):
    """The bytes of a checkpoint behind its header, which has times; without the checksum of all."""
    raw = path.read_bytes()
    return raw[16 + int.from_bytes(raw[8:16], "little"):-4]


if __name__ == "__main__":
    main()
