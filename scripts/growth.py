#!/usr/bin/env python3
"""How a sample's cost grows: with interactions, users, items, factors and threads; and memory with interactions. Writes JSON and draws a plot of each.

    scripts/growth.py --json docs/growth.json [--latent build/release/latent] [--quick]
    scripts/growth.py --json docs/growth.json --plots docs/plots        (matplotlib; draws what is measured already)

Each point is the minimum of two runs on a made-up file (latent synth). One axis changes at a time; the others stay at
1 M interactions, 100,000 users, 50,000 items, K=16, all threads, batches of 50,000.
"""
import argparse
import json
import os
import pathlib
import platform
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
MODELS = {"latent_factor": {}, "bpr": {}, "bpr, adam_lazy": {"train.optimizer": "adam_lazy"}, "svd": {}, "implicit_bpr": {}, "ials": {"ials.alpha0": 0.1, "ials.reg": 0.003}}
BASE = {"interactions": 1_000_000, "users": 100_000, "items": 50_000, "factors": 16, "threads": os.cpu_count()}
AXES = {
    "interactions": [1_000_000, 2_000_000, 5_000_000, 10_000_000, 20_000_000],
    "users": [25_000, 100_000, 400_000],
    "items": [12_500, 50_000, 200_000],
    "factors": [4, 8, 16, 32, 64, 128],
    "threads": list(range(1, os.cpu_count() + 1)),
}


def measure(latent, folder, point, model, knobs):
    """-> nanoseconds a sample, and the peak memory of the process in bytes."""
    data = folder / f"{point['interactions']}-{point['users']}-{point['items']}.json.gz"
    if not data.exists():
        for old in folder.glob("*.json.gz"):
            old.unlink()
        subprocess.run([latent, "synth", "-o", data, "--users", str(point["users"]), "--items", str(point["items"]), "--ratings", str(point["interactions"])],
                       check=True, capture_output=True)
    config = folder / "config.json"
    config.write_text(json.dumps({"data": {"path": str(data), "cache_dir": str(folder / "cache")}}))
    solver = model in ("svd", "implicit_bpr", "ials")
    knobs = {"model.name": model, "model.factors": point["factors"], "train.threads": point["threads"], "train.steps": 2 if solver else 30,
             "split.test": 0.01, "eval.metrics": "rating", "export.auto": False} | knobs
    command = [latent, "train", config, "--json", "--run-dir", folder / "run", "--overwrite"]
    for knob, value in knobs.items():
        command += ["--set", f"{knob}={json.dumps(value)}"]
    seconds, peak = float("inf"), 0
    for _ in range(2):
        process = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        out = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        if status != 0:
            raise SystemExit(f"failed: {command}")
        train = json.loads(out)["train"]
        seconds, peak = min(seconds, 1 / train["samples_per_second"]), usage.ru_maxrss * 1024
    return seconds * 1e9, peak


def draw(measured, folder):
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "latent"
    import matplotlib.pyplot as plt

    folder.mkdir(parents=True, exist_ok=True)
    for axis, file, unit, value in [(axis, axis, "ns a sample", lambda p: p["ns"]) for axis in AXES] + [
        ("interactions", "memory", "peak memory, MB", lambda p: p["peak_bytes"] / 1e6)
    ]:
        figure, plot = plt.subplots(figsize=(5, 3.2))
        for name in MODELS:
            points = [p for p in measured["points"] if p["axis"] == axis and p["model"] == name]
            plot.plot([p[axis] for p in points], [value(p) for p in points], marker="o", markersize=3, label=name)
        plot.set(xlabel=axis, ylabel=unit, yscale="log")
        if axis != "threads":
            plot.set_xscale("log")
        plot.grid(alpha=0.3)
        plot.legend(fontsize=7)
        figure.tight_layout()
        figure.savefig(folder / f"{file}.svg", metadata={"Date": None})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--latent", default=ROOT / "build/release/latent")
    parser.add_argument("--json", type=pathlib.Path, required=True)
    parser.add_argument("--plots", type=pathlib.Path)
    parser.add_argument("--quick", action="store_true", help="leave out the points above 5 M interactions")
    options = parser.parse_args()
    if options.plots:
        return draw(json.loads(options.json.read_text()), options.plots)
    points = []
    with tempfile.TemporaryDirectory() as name:
        for axis, values in AXES.items():
            for value in values:
                if options.quick and axis == "interactions" and value > 5_000_000:
                    continue
                for model, knobs in MODELS.items():
                    point = BASE | {axis: value}
                    ns, peak = measure(options.latent, pathlib.Path(name), point, model.split(",")[0], knobs)
                    points.append({"axis": axis, "model": model, **point, "ns": ns, "peak_bytes": peak})
                    print(f"{axis} {value:>10,}  {model:16} {ns:8.1f} ns a sample, peak {peak / 1e6:,.0f} MB", flush=True)
                    options.json.write_text(json.dumps({"machine": platform.machine(), "cpus": os.cpu_count(), "points": points}, indent=1) + "\n")


if __name__ == "__main__":
    main()
