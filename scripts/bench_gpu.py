#!/usr/bin/env python3
"""Times training and ranking on a GPU: samples a second, shares of what the card can do, and implicit's GPU code beside them.

    scripts/bench_gpu.py --device cuda [--latent build/release/latent] [--json out.json] [--repeat 3]
    scripts/bench_gpu.py --device cpu --quick       # the dry run: small sizes, a GPU's code on the CPU; its figures mean nothing

Needs numpy and torch beside the program. A step's time is the difference of two lengths of training, so that neither start nor
compilation of kernels counts; median and range over --repeat.

bandwidth    The bytes that a step must move at the least, over its time, as a share of what a copy within the card reaches: Adam reads
             weight, gradient and two moments of each parameter and writes all but the gradient, which it clears (7 x 4 bytes and 4);
             a row of the batch is read once and its gradient read and written. What autograd's own tables take is not counted.
products     For many shared negatives: 6 B N K operations (the scores and the two products of their gradients), as a share of a
             square product's speed in float32.
ranking      Rankings of all users, over the bare product of all users with all items on the device.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import torch

ROOT = pathlib.Path(__file__).resolve().parents[1]


class Device:
    def __init__(self, name, quick):
        self.name, self.quick = torch.device(name), quick

    def seconds(self, work, repeat=5):
        """The shortest of several."""
        best = float("inf")
        for _ in range(repeat + 1):
            self.wait()
            start = time.perf_counter()
            work()
            self.wait()
            best = min(best, time.perf_counter() - start)
        return best

    def wait(self):
        if self.name.type == "cuda":
            torch.cuda.synchronize(self.name)

    def title(self):
        if self.name.type == "cpu":
            return "the CPU, by a GPU's code: a dry run"
        told = torch.cuda.get_device_properties(self.name)
        return f"{told.name}, {told.total_memory / 2**30:.0f} GiB"

    def copy_speed(self):
        """Bytes a second, read and written."""
        source = torch.ones(2**20 if self.quick else 2**28, device=self.name)
        target = torch.empty_like(source)
        return 2 * source.nbytes / self.seconds(lambda: target.copy_(source))

    def product_speed(self):
        """Operations a second of float32 products."""
        n = 256 if self.quick else 8192
        a = torch.randn(n, n, device=self.name)
        return 2 * n**3 / self.seconds(lambda: a @ a)

    def ranking_product(self, users, items, factors):
        """Seconds of the product of all users with all items, block by block."""
        p, q = (torch.randn(n, factors, device=self.name) for n in (users, items))
        block = max(1, min(users, 2**30 // (4 * items)))
        out = torch.empty(block, items, device=self.name)

        def all_blocks():
            for at in range(0, users, block):
                rows = p[at:at + block]
                torch.mm(rows, q.T, out=out[:len(rows)])
        return self.seconds(all_blocks, repeat=2)


class Bench:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.device = Device(options.device, options.quick)
        self.copy, self.product = self.device.copy_speed(), self.device.product_speed()
        self.rows, self.runs = [], 0

    def synth(self, rows, users, items):
        """Pairs that fall steeply in popularity, by rows of int; every user and item has one."""
        rng = np.random.default_rng(0)
        weights = np.arange(1, items + 1, dtype=float) ** -0.9
        u = np.concatenate([np.arange(users), np.arange(items) % users, rng.integers(0, users, rows)])
        i = np.concatenate([np.arange(users) % items, np.arange(items), rng.choice(items, rows, p=weights / weights.sum())])
        pairs = np.unique(u.astype("i8") * items + i)
        path = self.folder / f"{users}x{items}.csv"
        np.savetxt(path, np.column_stack([pairs // items, pairs % items, pairs % 5 + 1]), fmt="%d", delimiter=",", header="user,item,rating", comments="")
        return path, len(pairs)

    def latent(self, *words):
        environment = {**os.environ, "XDG_CACHE_HOME": str(self.folder / "cache"), "LATENT_DEVICE_CODE": "1" if self.options.device == "cpu" else ""}
        return subprocess.run([str(self.options.latent), *map(str, words)], check=True, stdout=subprocess.PIPE, stderr=None if self.options.verbose else subprocess.DEVNULL, text=True,
                              env=environment, cwd=self.folder).stdout

    def train(self, data, knobs, steps):
        self.runs += 1
        run, config = self.folder / f"run-{self.runs}", self.folder / "config.json"
        config.write_text("{}")
        sets = {"data.path": str(data), "split.kind": "random", "split.test": 0.1, "split.valid": 0.0, "export.auto": False, "eval.metrics": "rating", "train.epochs": 0, "train.steps": steps,
                "train.log_every": steps, "train.device": self.options.device, **knobs}
        told = self.latent("train", config, "--run-dir", run, "--json", *(word for key, value in sets.items() for word in ("--set", f"{key}={json.dumps(value)}")))
        return run, json.loads(told)["train"]["seconds"]

    def step_seconds(self, data, knobs):
        """Median and range of a step."""
        few, many = (2, 22) if self.options.quick else (50, 350)
        times = []
        for _ in range(self.options.repeat):
            short, long = (self.train(data, knobs, steps)[1] for steps in (few, many))
            times.append(max(1e-9, (long - short) / (many - few)))
        return statistics.median(times), min(times), max(times)

    def add(self, name, **figures):
        self.rows.append({"row": name, **figures})
        print(f"{name:44} " + "  ".join(f"{key} {value:.4g}" if isinstance(value, float) else f"{key} {value}" for key, value in figures.items()), flush=True)

    def model(self, name, factors, batch, data, users, items):
        knobs = {"model.name": name, "model.factors": factors, "train.batch_size": batch}
        negatives = 1024 if not self.options.quick else 32
        if name == "mf":
            knobs |= {"mf.loss": "softmax", "train.negatives": negatives}
        step, low, high = self.step_seconds(data, knobs)
        biases = {"latent_factor": users + items, "bpr": items, "mf": 0}[name]
        parameters = (users + items) * factors + biases
        rows = {"latent_factor": 2 * batch, "bpr": 3 * batch, "mf": 2 * batch + negatives}[name]
        moved = 32 * parameters + 3 * 4 * rows * (factors + (name != "mf"))
        figures = {"million samples/s": batch / step / 1e6, "step ms": 1e3 * step, "from": 1e3 * low, "to": 1e3 * high, "share of bandwidth": moved / step / self.copy}
        if name == "mf":
            figures["share of products"] = 6 * batch * negatives * factors / step / self.product
        self.add(f"{name} K={factors} batch {batch}", **figures)

    def ranking(self, factors):
        users, items, rows = (1500, 400, 8000) if self.options.quick else (319_336, 32_487, 2_500_000)
        data, _ = self.synth(rows, users, items)
        run, _ = self.train(data, {"model.name": "bpr", "model.factors": factors, "train.batch_size": 10_000}, 2)
        bare = self.device.ranking_product(users, items, factors)
        times = []
        for _ in range(self.options.repeat):
            seconds = []
            # Reading, splitting and loading are in both.
            for metrics in ("rating", "ranking"):
                start = time.perf_counter()
                self.latent("evaluate", run, "--json", "--set", f"eval.metrics={metrics}")
                seconds.append(time.perf_counter() - start)
            times.append(seconds[1] - seconds[0])
        median = statistics.median(times)
        self.add(f"ranking {users} x {items} K={factors}", seconds=median, **{"from": min(times), "to": max(times), "bare product s": bare, "times the product": median / bare})

    def implicit(self, data, factors):
        """Its BPR on the GPU, where it is installed and has one."""
        try:
            import implicit.gpu
            from scipy.sparse import csr_matrix
        except ImportError:
            return print("implicit left out: not installed")
        if not implicit.gpu.HAS_CUDA:
            return print("implicit left out: it has no GPU code here")
        table = np.loadtxt(data, delimiter=",", skiprows=1, dtype="i8")
        matrix = csr_matrix((np.ones(len(table), "f4"), (table[:, 0], table[:, 1])))
        seconds = []
        for epochs in (10, 60):
            model = implicit.gpu.bpr.BayesianPersonalizedRanking(factors=factors, iterations=epochs)
            start = time.perf_counter()
            model.fit(matrix, show_progress=False)
            self.device.wait()
            seconds.append(time.perf_counter() - start)
        self.add(f"implicit's BPR K={factors}", **{"million samples/s": 50 * len(table) / (seconds[1] - seconds[0]) / 1e6})

    def all(self):
        print(f"{self.device.title()}; torch {torch.__version__}; copies {self.copy / 1e9:.0f} GB/s, float32 products {self.product / 1e12:.2f} Tflop/s")
        users, items, rows = (400, 300, 6000) if self.options.quick else (59_347, 89_311, 542_338)
        data, _ = self.synth(rows, users, items)
        for name in ("latent_factor", "bpr", "mf"):
            for factors in (5,) if self.options.quick else (5, 64, 128):
                for batch in (1000,) if self.options.quick else (50_000, 250_000, 1_000_000):
                    if name == "mf" and batch > 50_000:
                        continue  # its scores [batch, negatives] would be several gigabytes each
                    self.model(name, factors, batch, data, users, items)
        self.ranking(8 if self.options.quick else 64)
        self.implicit(data, 64)
        if self.options.json:
            told = {"device": self.device.title(), "torch": torch.__version__, "copy_bytes_per_second": self.copy, "product_operations_per_second": self.product, "rows": self.rows}
            self.options.json.write_text(json.dumps(told, indent=1) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda", help="cuda, cuda:N, or cpu for the dry run")
    parser.add_argument("--latent", type=pathlib.Path, default=pathlib.Path(os.environ.get("LATENT") or ROOT / "build/release/latent"))
    parser.add_argument("--repeat", type=int, default=0, help="measurements of a figure (default: 3; 1 with --quick)")
    parser.add_argument("--quick", action="store_true", help="small sizes: whether it runs, not how fast")
    parser.add_argument("--verbose", action="store_true", help="show what latent says")
    parser.add_argument("--json", type=pathlib.Path, help="also write the figures here")
    options = parser.parse_args()
    options.repeat = options.repeat or (1 if options.quick else 3)
    options.latent = options.latent.resolve()
    if options.device.startswith("cuda") and not torch.cuda.is_available():
        sys.exit("bench_gpu: torch sees no GPU here; --device cpu --quick is the dry run")
    with tempfile.TemporaryDirectory(prefix="latent-gpu-") as folder:
        Bench(options, pathlib.Path(folder)).all()


if __name__ == "__main__":
    main()
