#!/usr/bin/env python3
"""Times answers: over HTTP (wrk), from Python, C++ and the command line, beside implicit, FAISS and TorchScript on the same tables.

    scripts/bench_serve.py [--quick] [--latent build/release/latent] [--json out.json] [--seconds 10] [--without-peers]

Made-up models of 64 factors (scripts/bench_export.cpp), lists of ten without what the user has. Prints a table for README,
and the two goals with what bounds them: at 1 M items an answer of one connection (wrk -t1 -c1) takes at most 1.5 times as
long as reading the catalogue's bytes at the speed of a triad, measured in the same run; a whole command on a model of the
size of goodbooks takes under 20 ms. The Python package, implicit and faiss-cpu are installed into build/bench_serve (once);
TorchScript is asked by LATENT_PYTHON, which has torch. --quick leaves the largest models out and measures for a second
each: it shows that all of it runs, and no more. Nothing else should run meanwhile: figures of a busy machine mean nothing.
"""

import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
FACTORS, K, USERS = 64, 10, 1000
GOODBOOKS = (51_288, 10_000)  # users, items
WRK = """
local n = 0
request = function()
  n = n + 1
  return wrk.format("GET", "/recommend?k=%d&user=user" .. (10000000 + n * 7919 %% %d))
end
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format('{"requests": %%d, "seconds": %%f, "p50_ms": %%f, "p99_ms": %%f, "failed": %%d}\\n', summary.requests, summary.duration / 1e6,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, e.connect + e.read + e.write + e.status + e.timeout))
end
"""


def told(*words, **how):
    """The JSON in the last line that a command prints."""
    done = subprocess.run([str(word) for word in words], check=True, stdout=subprocess.PIPE, text=True, **how)
    return json.loads(done.stdout.strip().splitlines()[-1])


def milliseconds(ask, count, warm=40):
    """Median of `count` calls after `warm`."""
    for n in range(warm):
        ask(n)
    times = []
    for n in range(count):
        start = time.perf_counter()
        ask(n * 7919)
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


# --- what runs in a Python of its own: a row each, the figures as JSON


def row_python(path, count):
    import latent

    model = latent.load(path)
    users = model.users.texts(list(range(USERS)))
    one = milliseconds(lambda n: model.recommend(users[n % USERS], K), count)
    start = time.perf_counter()
    model.recommend(users, K)
    return {"one_ms": one, "batch_per_second": USERS / (time.perf_counter() - start)}


def as_products(path):
    """(users' vectors, items' vectors, starts and items of histories): a score is a product, but for the user's own part."""
    import latent
    import numpy as np

    t = latent.load(path).tables
    users = np.hstack([t["gamma_user"], np.ones((len(t["gamma_user"]), 1), np.float32)])[:USERS]
    return np.ascontiguousarray(users), np.hstack([t["gamma_item"], t["beta_item"][:, None]]), t["seen_start"], t["seen_items"]


def row_implicit(path, count):
    import numpy as np
    import scipy.sparse
    from implicit.cpu.als import AlternatingLeastSquares

    users, items, start, seen = as_products(path)
    model = AlternatingLeastSquares(factors=users.shape[1])
    model.user_factors, model.item_factors = users, items
    had = scipy.sparse.csr_matrix((np.ones(start[USERS], np.float32), seen[:start[USERS]], start[:USERS + 1]), shape=(USERS, len(items)))
    rows = [had[n] for n in range(USERS)]
    one = milliseconds(lambda n: model.recommend(n % USERS, rows[n % USERS], N=K), count, warm=5)
    begun = time.perf_counter()
    model.recommend(np.arange(USERS), had, N=K)
    return {"one_ms": one, "batch_per_second": USERS / (time.perf_counter() - begun)}


def row_faiss(path, count):
    import faiss

    users, items, start, _ = as_products(path)
    index = faiss.IndexFlatIP(items.shape[1])
    index.add(items)
    k = K + int(max(start[1:USERS + 1] - start[:USERS]))  # those to leave out may stand first
    one = milliseconds(lambda n: index.search(users[n % USERS:n % USERS + 1], k), count, warm=5)
    begun = time.perf_counter()
    index.search(users, k)
    return {"one_ms": one, "batch_per_second": USERS / (time.perf_counter() - begun)}


def row_torchscript(path, count):
    import warnings

    import torch

    warnings.simplefilter("ignore")
    model = torch.jit.load(path)
    users = torch.arange(USERS)
    one = milliseconds(lambda n: model.recommend(users[n % USERS:n % USERS + 1], K, True), count, warm=5)
    some = 100  # whole rows of scores: more would need gigabytes
    begun = time.perf_counter()
    model.recommend(users[:some], K, True)
    return {"one_ms": one, "batch_per_second": some / (time.perf_counter() - begun)}


# --- the bench


class Bench:
    def __init__(self, options, folder):
        self.options, self.folder = options, pathlib.Path(folder)
        self.build = pathlib.Path(options.latent).resolve().parent
        self.rows, self.figures = [], {}
        if not options.as_built:
            subprocess.run(["cmake", "--build", self.build, "--target", "bench_export", "bench_serve"], check=True, stdout=sys.stderr)
        self.triad = told(self.build / "bench_serve", "triad")
        print(f"triad: {self.triad['one_thread'] / 1e9:.1f} GB/s on one thread, {self.triad['two_threads'] / 1e9:.1f} on two", file=sys.stderr)

    def model(self, users, items):
        path = self.folder / f"model-{users}-{items}.pt"
        if not path.exists():
            told(self.build / "bench_export", users, items, FACTORS, path)
        return path

    def add(self, name, ours, beside="", **figures):
        self.rows.append(f"| {name} | {ours} | {beside} |")
        self.figures[name] = figures
        print(self.rows[-1], file=sys.stderr)

    def other(self, row, python, path, count):
        return told(python, __file__, "--row", row, path, count, env={**os.environ, "OPENBLAS_NUM_THREADS": "1"})

    def http(self, path, users, threads, connections):
        """wrk on a server of its own."""
        script = self.folder / "ask.lua"
        script.write_text(WRK % (K, users))
        start = time.monotonic()
        server = subprocess.Popen([self.options.latent, "serve", path, "--port", "0"], stderr=subprocess.PIPE, text=True)
        try:
            line = next(line for line in server.stderr if line.startswith("serving "))
            ready = time.monotonic() - start
            url = "http://127.0.0.1:" + line.strip().rsplit(":", 1)[1]
            command = ["wrk", f"-t{threads}", f"-c{connections}", "-s", script, url]
            told(*command, "-d", "1")  # the first lists make what the others are found by
            out = told(*command, "-d", str(self.options.seconds))
            assert out["failed"] == 0, out
            text = pathlib.Path(f"/proc/{server.pid}/status").read_text()
            memory = int(re.search(r"VmRSS:\s+(\d+)", text)[1]) / 1024
        finally:
            server.terminate()
            server.wait()
        return {**out, "per_second": out["requests"] / out["seconds"], "ready_seconds": ready, "memory_mib": memory}

    def command(self, path, user, repeat=21):
        times = []
        for _ in range(repeat):
            start = time.perf_counter()
            subprocess.run([self.options.latent, "recommend", path, "--user", user, "-k", str(K)], check=True, capture_output=True)
            times.append(1000 * (time.perf_counter() - start))
        return {"ms": statistics.median(times), "least_ms": min(times)}

    def over_http(self, items):
        path, name = self.model(USERS, items), f"{items:,} items"
        for threads, connections in [(1, 1), (2, 8)]:
            got = self.http(path, USERS, threads, connections)
            bound = items * FACTORS / max(self.triad.values()) * 1000
            bounded = f"{bound:.2f} ms: {items * FACTORS / 1e6:.0f} MB at the triad's speed" if items >= 1_000_000 else ""
            self.add(f"`/recommend`, {name}, {connections} connection{'s' * (connections > 1)}",
                     f"{got['per_second']:,.0f} a second; p50 {got['p50_ms']:.2f}, p99 {got['p99_ms']:.2f} ms", bounded, **got, bound_ms=bound)
        return path, name

    def beside_others(self, path, name, count):
        ours = told(self.build / "bench_serve", path, K, count)
        self.add(f"one list in C++, {name}", f"{ours['p50_ms']:.3f} ms; 1,000 users {ours['batch_per_second']:,.0f} a second", **ours)
        if self.options.without_peers:
            return
        rows = {"python": self.options.peers, "implicit": self.options.peers, "faiss": self.options.peers, "torchscript": self.options.torch}
        got = {row: self.other(row, python, path, count) for row, python in rows.items()}
        text = {row: f"{one['one_ms']:.3g} ms; {one['batch_per_second']:,.0f} a second" for row, one in got.items()}
        self.add(f"one list in Python, {name}; 1,000 users", text["python"], f"implicit {text['implicit']}. FAISS flat {text['faiss']}. TorchScript {text['torchscript']}", **got)

    def run(self):
        quick = self.options.quick
        for items in [10_000, 100_000] if quick else [10_000, 100_000, 1_000_000]:
            path, name = self.over_http(items)
            self.beside_others(path, name, 20 if quick else 200 if items < 1_000_000 else 50)
        users, items = GOODBOOKS
        small = self.command(self.model(users, items), "user10000007")
        self.add(f"whole command, {users:,} x {items:,}", f"{small['ms']:.1f} ms", "20 ms: the goal", **small)
        side = 100_000 if quick else 1_000_000
        path = self.model(side, side)
        copied, mapped = (told(self.build / "bench_serve", path, K, 5, *how) for how in ([], ["map"]))
        name = f"{side:,} x {side:,}"
        self.add(f"load {name} ({path.stat().st_size / 1e6:.0f} MB)", f"{copied['load_seconds']:.2f} s, {copied['memory_mib']:.0f} MiB with its first list; "
                 f"mapped {1000 * mapped['load_seconds']:.0f} ms, first list after {mapped['first_ms']:.0f} ms more", copied=copied, mapped=mapped)
        large = self.command(path, "user10000007", repeat=7)
        self.add(f"whole command, {name}", f"{large['ms']:.0f} ms", **large)
        got = self.http(path, side, 1, 1)
        self.add(f"`latent serve`, {name}", f"ready after {got['ready_seconds']:.2f} s, {got['memory_mib']:.0f} MiB; p50 {got['p50_ms']:.2f} ms", **got)

    def goals(self):
        """Lines on the two goals, where they were measured."""
        out = [f"whole command of a goodbooks-sized model: {self.figures['whole command, 51,288 x 10,000']['ms']:.1f} ms; goal 20 ms"]
        got = self.figures.get("`/recommend`, 1,000,000 items, 1 connection")
        if got:
            out.append(f"p50 at 1 M items: {got['p50_ms']:.2f} ms = {got['p50_ms'] / got['bound_ms']:.2f} x the bound of {got['bound_ms']:.2f} ms; goal 1.5 x")
        return out


def peers_python():
    """A Python with the package, implicit and faiss-cpu, made once."""
    folder = ROOT / "build/bench_serve"
    if not (folder / "done").exists():
        subprocess.run(["python3", "-m", "venv", folder], check=True)
        subprocess.run([folder / "bin/pip", "install", "--quiet", "--disable-pip-version-check", ROOT, "implicit", "faiss-cpu"], check=True)
        (folder / "done").touch()
    return folder / "bin/python"


def main():
    if sys.argv[1:2] == ["--row"]:
        print(json.dumps(globals()["row_" + sys.argv[2]](sys.argv[3], int(sys.argv[4]))))
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--latent", default="build/release/latent")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seconds", type=int, default=10, help="of each measurement by wrk")
    parser.add_argument("--without-peers", action="store_true")
    parser.add_argument("--as-built", action="store_true", help="bench_export and bench_serve are beside the program already")
    parser.add_argument("--peers", help="a Python with the package, implicit and faiss-cpu (default: made in build/bench_serve)")
    parser.add_argument("--torch", default=os.environ.get("LATENT_PYTHON", ".venv/bin/python"), help="a Python with torch")
    parser.add_argument("--json", help="a file for all figures")
    options = parser.parse_args()
    if options.quick:
        options.seconds = 1
    if not options.without_peers:
        options.peers = options.peers or peers_python()
    with tempfile.TemporaryDirectory(prefix="latent-bench-serve-") as folder:
        bench = Bench(options, folder)
        bench.run()
    print("| row | latent | beside |\n| --- | --- | --- |\n" + "\n".join(bench.rows))
    print(*bench.goals(), sep="\n")
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps({"triad": bench.triad, "rows": bench.figures}, indent=1) + "\n")


if __name__ == "__main__":
    main()
