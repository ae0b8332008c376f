"""bench.py --against OTHER: this build beside another one of latent, without peers.

Each row runs one after another with both builds, --repeat times; a ratio is of one pair (the other's time over ours: above
1 is faster than the other), and the median of the pairs is printed with the lowest and the highest.
"""
import pathlib
import statistics
import subprocess
import time

RATING = {"eval.metrics": "rating"}
IALS = RATING | {"model.name": "ials", "train.epochs": 6, "ials.alpha0": 0.1, "ials.reg": 0.003}
TRAININGS = {
    "latent_factor, K=5": RATING | {"model.name": "latent_factor", "model.factors": 5, "train.steps": 300},
    "bpr, K=5": RATING | {"model.name": "bpr", "model.factors": 5, "train.steps": 200},
    "latent_factor, K=64": RATING | {"model.name": "latent_factor", "model.factors": 64, "train.steps": 60},
    "bpr, K=64": RATING | {"model.name": "bpr", "model.factors": 64, "train.steps": 60},
    "implicit_bpr, f=5": RATING | {"model.name": "implicit_bpr", "model.factors": 5, "train.epochs": 60},
    "implicit_bpr, f=63": RATING | {"model.name": "implicit_bpr", "model.factors": 63, "train.epochs": 15},
    "svd, f=100": RATING | {"model.name": "svd"},
    "svd, f=100, one thread": RATING | {"model.name": "svd", "train.threads": 1},
    "ials, d=64": IALS | {"model.factors": 64},
    "ials, d=128": IALS | {"model.factors": 128, "train.epochs": 3},
    "baseline": RATING | {"model.name": "baseline", "train.epochs": 200},
}


def whole(command):
    start = time.monotonic()
    subprocess.run(command, check=True, capture_output=True)
    return time.monotonic() - start


def trainings(bench):
    """-> name to a function that takes a program and returns the seconds of a training (without reading and judging)."""
    def measure(knobs):
        def run(program):
            bench.options.latent = program
            return bench.train(knobs, repeat=1)["seconds"]
        return run
    return {name: measure(knobs) for name, knobs in TRAININGS.items()}


def commands(bench):
    """-> the same for whole commands."""
    def start_up(program):
        bench.options.latent = program
        return bench.train(RATING | {"model.name": "latent_factor", "train.steps": 1, "train.batch_size": 100}, repeat=1)["command"]

    def ranking_metrics(program):
        bench.options.latent = program
        knobs = {"model.name": "implicit_bpr", "model.factors": 63, "train.epochs": 1, "eval.metrics": "all"}
        return bench.train(knobs, repeat=1)["command"]

    def recommend(program):
        run = bench.folder / f"recommend-{pathlib.Path(program).resolve().parents[2].name}"
        if not run.exists():
            bench.options.latent = program
            bench.train(RATING | {"model.name": "implicit_bpr", "model.factors": 63, "train.epochs": 1}, repeat=1, run=run)
        return whole([program, "recommend", run / "model.pt", "--users", "all", "-o", bench.folder / "out.csv", "-k", "10"])

    def read(program):
        return whole([program, "data", "info", bench.data, "--set", "data.cache_dir=none"])

    def read_csv(program):
        return whole([program, "data", "info", bench.options.csv, "--set", "data.cache_dir=none"])

    rows = {"start, one step and evaluation": start_up, "implicit_bpr, one pass and all metrics": ranking_metrics,
            "recommend 10 to every user": recommend, "data info, gz JSON": read}
    return rows | ({f"data info, {bench.options.csv.name}": read_csv} if bench.options.csv.exists() else {})


def main(bench, other, names):
    own, rows = str(bench.options.latent), trainings(bench) | commands(bench)
    print(f"{'row':42} {'ours, s':>9} {'other, s':>9} {'other / ours':>13}")
    for name, measure in rows.items():
        if names and not any(name.startswith(n) for n in names):
            continue
        measure(own), measure(other)  # caches of both
        pairs = []
        for n in range(bench.options.repeat):
            first, second = (own, other) if n % 2 == 0 else (other, own)
            seconds = {first: measure(first)}
            seconds[second] = measure(second)
            pairs.append((seconds[own], seconds[other]))
        ratios = [b / a for a, b in pairs]
        ours, theirs = (statistics.median(column) for column in zip(*pairs))
        print(f"{name:42} {ours:9.3f} {theirs:9.3f} {statistics.median(ratios):8.2f} ({min(ratios):.2f} to {max(ratios):.2f})", flush=True)
        bench.table.append({"row": name, "ours": ours, "other": theirs, "ratios": ratios})
