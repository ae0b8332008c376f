#!/usr/bin/env python3
"""Times latent beside what a user would run instead, on the same data in the same run; prints ratios.

    scripts/bench.py [--rows lfm,bpr,...] [--data FILE] [--latent build/release/latent] [--json out.json]
    scripts/bench.py --against OTHER_LATENT [--repeat 5]                  # beside another build: see bench_pairs.py
    scripts/bench.py --busy [--rows svd,...] [--against OTHER_LATENT]     # beside other processes: see bench_busy.py

The peers are peers.py (peers-requirements.txt says what to install) run by --python; the data, unless given, is synth.py's
file of the size of the notebook's comics reviews. Rows on data sets of their own (crossval, read_csv) are left out where
these are not there. Each of our figures is the minimum of --repeat runs. Seconds differ from machine to machine; ratios
are what to compare.
"""
import argparse
import gzip
import json
import os
import pathlib
import platform
import subprocess
import sys
import tempfile
import time

import bench_busy
import bench_pairs
import bench_reading
import bench_steps

ROOT = pathlib.Path(__file__).resolve().parents[1]
SCRIPTS = ROOT / "scripts"
DATA = pathlib.Path(os.environ.get("LATENT_SHARED_DATA", ROOT / "data"))


class Bench:
    def __init__(self, options, folder):
        self.options, self.folder = options, pathlib.Path(folder)
        self.data = options.data or self.synthetic()
        self.table, self.peer_rows = [], {}

    def synthetic(self):
        path = self.folder / "comics_like.json.gz"
        print("making 542,338 synthetic reviews ...", file=sys.stderr)
        subprocess.run([self.options.python, SCRIPTS / "synth.py", "542338", "59347", "89311", path], check=True)
        return path

    def peer(self, row):
        """-> the peers' figures of a row, run once."""
        if row not in self.peer_rows:
            environment = dict(os.environ, OPENBLAS_NUM_THREADS="1")
            out = subprocess.run([self.options.python, SCRIPTS / "peers.py", self.data, row], check=True, capture_output=True, text=True, env=environment)
            self.peer_rows[row] = [json.loads(line) for line in out.stdout.splitlines() if line.startswith("{")]
        return self.peer_rows[row]

    def other(self, row, data=None):
        """-> the figures of a row of bench_peers.py."""
        key = ("other", row)
        if key not in self.peer_rows:
            environment = dict(os.environ, OPENBLAS_NUM_THREADS="1")
            command = [self.options.python, SCRIPTS / "bench_peers.py", data or self.data, row]
            out = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
            self.peer_rows[key] = [json.loads(line) for line in out.stdout.splitlines() if line.startswith("{")]
        return self.peer_rows[key]

    def libmf(self, name, *arguments):
        """-> updates a second of LIBMF: its native build where --mf-train names it, else the package's."""
        if not self.options.mf_train:
            row = next(r for r in self.peer("libmf") if name in r["row"])
            return row["updates_per_second"]
        if ("mf", name) not in self.peer_rows:
            text, count = self.folder / "libmf.txt", 0
            if not text.exists():
                with gzip.open(self.data, "rt") as source, open(text, "w") as out:
                    users, items = {}, {}
                    for n, line in enumerate(source):
                        if n % 10:
                            d = json.loads(line)
                            out.write(f"{users.setdefault(d['user_id'], len(users))} {items.setdefault(d['book_id'], len(items))} {d['rating']}\n")
            count = sum(1 for _ in open(text))
            seconds = []
            for epochs in (10, 40):
                start = time.monotonic()
                command = [self.options.mf_train, *arguments, "-t", str(epochs), "--quiet", text, self.folder / "libmf.model"]
                subprocess.run(command, check=True, capture_output=True)
                seconds.append(time.monotonic() - start)
            self.peer_rows["mf", name] = count * 30 / (seconds[1] - seconds[0])
        return self.peer_rows["mf", name]

    def train(self, knobs, repeat=None, parts=False, run=None):
        """-> the train figures of the fastest of several runs, and the seconds of the whole command; with `parts` all metrics."""
        best = None
        for n in range(repeat or self.options.repeat):
            directory = run or self.folder / f"run-{time.monotonic_ns()}"
            config = self.folder / "config.json"
            config.write_text(json.dumps({"data": {"path": str(self.data), "cache_dir": str(self.folder / "cache")}}))
            command = [self.options.latent, "train", config, "--json", "--run-dir", directory, "--set", f"export.auto={json.dumps(run is not None)}"]
            for knob, value in knobs.items():
                command += ["--set", f"{knob}={json.dumps(value)}"]
            start = time.monotonic()
            out = subprocess.run(command, check=True, capture_output=True, text=True)
            figures = json.loads(out.stdout)
            figures["train"]["command"] = time.monotonic() - start
            if best is None or figures["train"]["seconds"] < best["train"]["seconds"]:
                best = figures
        return best if parts else best["train"]

    def leave_out(self, row, data, remedy):
        print(f"{row} left out: there is no {data}; {remedy}", file=sys.stderr)

    def rate(self, row, ours, peer, what, target):
        """A row of millions a second: the more the better."""
        self.add(row, ours / 1e6, peer / 1e6, f"M {what}/s", target, ours / peer)

    def add(self, row, ours, peer, unit, target, ratio=None):
        ratio = peer / ours if ratio is None else ratio
        self.table.append({"row": row, "ours": ours, "peer": peer, "unit": unit, "ratio": ratio, "target": target})
        print(f"{row:74} {ours:10.4g} {peer:10.4g} {unit:12} {ratio:7.1f} x   target {target} x", flush=True)


def ranking(bench):
    subprocess.run(["cmake", "--build", pathlib.Path(bench.options.latent).parent, "--target", "bench_ranking"], check=True, capture_output=True)
    users, items, k = 319336 // 10, 32487, 64
    best = min(json.loads(subprocess.run([pathlib.Path(bench.options.latent).parent / "bench_ranking", str(users), str(items), str(k)], check=True,
                                         capture_output=True, text=True).stdout)["seconds"] for _ in range(bench.options.repeat))
    numpy, product = (r["seconds"] for r in bench.other("ranking", f"{users}x{items}x{k}"))
    bench.add(f"all ranking metrics, {users:,} x {items:,}, K=64, against NumPy", best, numpy, "s", 10)
    bench.add("the same against the bare product", best, product, "s", "1/1.5")


def negatives(bench):
    """A batch of 2,048 against 1,024 shared negatives: losses and gradients beside the bare products (forward, two backward), ours and LibTorch's."""
    build, threads = pathlib.Path(bench.options.latent).parent, os.cpu_count()
    subprocess.run(["cmake", "--build", build, "--target", "bench_negatives"], check=True, capture_output=True)
    for k in (64, 256, 512):
        runs = [json.loads(subprocess.run([build / "bench_negatives", "2048", "1024", str(k), str(threads)], check=True, capture_output=True, text=True).stdout)
                for _ in range(bench.options.repeat)]
        best = min(runs, key=lambda run: run["seconds"] / run["products"])
        bench.add(f"mf: 2,048 x 1,024 shared negatives, K={k}, against its bare products", 1e3 * best["seconds"], 1e3 * best["products"], "ms", "1/1.5")
        torch = bench.other("negatives", f"2048x1024x{k}")[0]["seconds"]
        bench.add("the same against LibTorch's products", 1e3 * min(run["seconds"] for run in runs), 1e3 * torch, "ms", "1/1.5")


def start(bench):
    """From the command to the first step, on a cached data set: a run of one step on few samples."""
    knobs = {"model.name": "latent_factor", "train.steps": 1, "train.batch_size": 100, "eval.metrics": "rating"}
    best = min(bench.train(knobs, repeat=1)["command"] for _ in range(bench.options.repeat + 1))
    bench.add("start, one step and evaluation on a cached data set", best, 0.5, "s", 1)


def export(bench):
    """Writing and loading a model of 1 M users x 1 M items, K=64; and copying its file."""
    build = pathlib.Path(bench.options.latent).parent
    subprocess.run(["cmake", "--build", build, "--target", "bench_export"], check=True, capture_output=True)
    file, copy = bench.folder / "large.pt", bench.folder / "copy.pt"
    ours, copying = {}, float("inf")
    for _ in range(bench.options.repeat + 1):
        file.unlink(missing_ok=True)
        out = subprocess.run([build / "bench_export", "1000000", "1000000", "64", file], check=True, capture_output=True, text=True)
        figures = json.loads(out.stdout)
        ours = {name: min(value, ours.get(name, value)) for name, value in figures.items()}
        copy.unlink(missing_ok=True)
        start = time.monotonic()
        subprocess.run(["cp", file, copy], check=True)
        copying = min(copying, time.monotonic() - start)
    size = ours["bytes"] / 1e6
    for what in ("export", "load"):
        name = f"{what} 1 M x 1 M, K=64 ({size:.0f} MB; memory {ours[what + '_peak_bytes'] / 1e6:+.0f} MB)"
        bench.add(f"{name}, against cp", ours[what + "_seconds"], copying, "s", "1/1.5")
    file.unlink()
    copy.unlink()


def implicit_bpr(bench):
    for f, mf, target, mf_target in ((5, "8", 6, 2), (63, "64", 8, 4)):
        epochs = 100 if f == 5 else 20
        knobs = {"model.name": "implicit_bpr", "model.factors": f, "train.epochs": epochs, "eval.metrics": "rating"}
        ours = bench.train(knobs)
        peer = next(r for r in bench.peer("implicit-bpr") if f"f={f} " in r["row"])
        auc = f"train AUC {ours['train_auc']:.3f}, implicit {peer['last']}"
        bench.rate(f"BPR epochs, f={f} ({auc})", ours["samples_per_second"], peer["samples_per_second"], "samples", target)
        bench.rate(f"BPR epochs, f={f}, against LIBMF k={mf}", ours["samples_per_second"],
                   bench.libmf(f"bpr f={mf} ", "-f", "10", "-k", mf, "-s", "2"), "samples", mf_target)


def svd(bench):
    peer = bench.peer("surprise-svd")[0]
    for threads, target, mf_target in ((2, 40, 5), (1, 22, 5)):
        ours = bench.train({"model.name": "svd", "train.threads": threads}, parts=True)
        rmse = f"test RMSE {ours['test']['rmse']:.4f}, Surprise {peer['rmse']:.4f}" if threads == 2 else "one thread"
        bench.rate(f"SVD epochs, f=100 ({rmse})", ours["train"]["samples_per_second"], peer["updates_per_second"], "updates", target)
        bench.rate(f"SVD epochs, f=100, {threads} threads, against LIBMF", ours["train"]["samples_per_second"],
                   bench.libmf(f"mf f=100, {threads} " if bench.options.mf_train else "mf f=100 ", "-f", "0", "-k", "100", "-s", str(threads), "-l2", "0.02", "-r", "0.05"), "updates", mf_target)


def ials(bench):
    for d, exact, approximate in ((64, 8, 1.5), (128, 10, 1.5)):
        rows = bench.peer("irspack") if d == 64 else bench.other("irspack-128")
        ours = bench.train({"model.name": "ials", "model.factors": d, "train.epochs": 6, "ials.alpha0": 0.1, "ials.reg": 0.003, "eval.metrics": "rating"})
        seconds = ours["seconds"] / ours["steps"]
        for solver, target in (("cholesky", exact), ("cg", approximate)):
            peer = next(r["seconds"] for r in rows if solver in r["row"])
            bench.add(f"iALS iteration, d={d}, against irspack {solver}", seconds, peer, "s", target)


def recommend(bench):
    """All users' ten best, liked items left out, written to a file; and nothing but the product of the tables."""
    run = bench.folder / "recommend"
    bench.train({"model.name": "implicit_bpr", "model.factors": 63, "train.epochs": 1, "eval.metrics": "rating"}, repeat=1, run=run)
    with open(bench.folder / "one.txt", "w") as out, gzip.open(bench.data, "rt") as source:
        out.write(json.loads(source.readline())["user_id"] + "\n")
    seconds = []
    for users in ("one.txt", "all"):  # the difference leaves out reading the model
        best = float("inf")
        for _ in range(bench.options.repeat):
            start = time.monotonic()
            subprocess.run([bench.options.latent, "recommend", run / "model.pt", "--users", users if users == "all" else bench.folder / users,
                            "-o", bench.folder / "out.csv", "-k", "10"], check=True, capture_output=True)
            best = min(best, time.monotonic() - start)
        seconds.append(best)
    product = bench.other("product")[0]
    ours = seconds[1] - seconds[0]
    bench.add("recommend 10 to every user, f=63, against the bare product", ours, product["seconds"], "s", "1/1.3")
    peer = next(r for r in bench.peer("implicit-recommend") if "recommend" in r["row"])
    bench.add("recommend 10 to every user, f=63, against implicit", ours, peer["seconds"] * product["users"] / 5000, "s", "-")


def crossval(bench):
    data = DATA / "ml-100k/u.data"
    if not data.exists():
        return bench.leave_out("crossval", data, "scripts/fetch_data.sh ml-100k brings it")
    config = bench.folder / "crossval.json"
    config.write_text(json.dumps({"data": {"path": str(data)}, "model": {"name": "svd"}}))
    best = float("inf")
    for _ in range(bench.options.repeat):
        start = time.monotonic()
        subprocess.run([bench.options.latent, "crossval", config, "--folds", "5"], check=True, capture_output=True)
        best = min(best, time.monotonic() - start)
    bench.add("5-fold SVD on MovieLens 100k, whole command", best, bench.other("surprise-crossval", data)[0]["seconds"], "s", 12)


ROWS = {**bench_steps.ROWS, "ranking": ranking, "negatives": negatives, "start": start, "export": export, "implicit_bpr": implicit_bpr, "svd": svd, "ials": ials, "recommend": recommend, "crossval": crossval,
        **bench_reading.ROWS}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", help=f"of {', '.join(ROWS)}; with --busy, models. Default: all")
    parser.add_argument("--busy", action="store_true", help="trainings on a busy machine")
    parser.add_argument("--against", help="another build of latent; with --busy, for two threads alone")
    parser.add_argument("--data", type=pathlib.Path, help="reviews as JSON lines, gz (default: made by synth.py)")
    parser.add_argument("--csv", type=pathlib.Path, default=DATA / "goodreads_interactions_14m.csv.gz", help="a large csv, gz (default: %(default)s)")
    parser.add_argument("--latent", default=ROOT / "build/release/latent")
    parser.add_argument("--python", default=os.environ.get("LATENT_PYTHON", sys.executable), help="a Python with the peers installed")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--mf-train", help="mf-train of a native build of LIBMF (DFLAG=-DUSEAVX, -march=native); default: the package's")
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(options, folder)
        print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} threads")
        known = bench_busy.MODELS if options.busy else ROWS
        rows = options.rows.split(",") if options.rows else list(known)
        between_builds = options.against and not options.busy
        for row in rows:
            if row not in known and not between_builds:
                sys.exit(f"unknown row {row}; known: {', '.join(known)}")
        if options.busy:
            bench_busy.main(bench, rows, options.against)
        elif between_builds:
            bench_pairs.main(bench, options.against, options.rows and rows)
        else:
            print(f"{'row':74} {'latent':>10} {'peer':>10} {'unit':12} {'ratio':>7}")
            for row in rows:
                ROWS[row](bench)
        if options.json:
            options.json.write_text(json.dumps({"cpus": os.cpu_count(), "machine": platform.platform(), "table": bench.table}, indent=1) + "\n")


if __name__ == "__main__":
    main()
