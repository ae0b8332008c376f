#!/usr/bin/env python3
"""How often `latent compare` takes luck for gain, and whether it finds a gain that is there.

    scripts/compare_campaign.py --times 200 --seeds 3              a setting against itself, under other seeds
    scripts/compare_campaign.py --times 20 --gain model.factors=8  against one that is better or worse

Trains a setting under --pool seeds, and once more under as many others; each of --times comparisons draws --seeds runs
of either pool. The two differ in a learning rate (or what --same says) by a billionth, so that they are two rows; with
--gain the second differs in that knob too. Exits with 1 where more than --most of the comparisons of a setting with
itself tell it apart, or where a planted gain is found in fewer than nine of ten.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]


def latent(options, *words):
    done = subprocess.run([options.program, *map(str, words)], cwd=options.folder, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"compare_campaign: {' '.join(map(str, words))}\n{done.stderr}")
    return done.stdout


def train(options, run, seed, more):
    sets = [f"data.path={options.data}", f"data.cache_dir={options.folder}/cache", f"split.test={options.test}", "train.threads=1",
            "export.auto=false", "checkpoint.minutes=0", f"train.seed={seed}", *options.set, *more]
    latent(options, "train", "empty.json", "--run-dir", run, *(word for text in sets for word in ("--set", text)))
    shutil.rmtree(options.folder / run / "checkpoints")


def trained(options, side, number):
    """The number-th run of a side's pool; its seed is its own."""
    knob, value = options.same.split("=")
    more = [f"{knob}={float(value) * (1 + 1e-9 * side)!r}", *(options.gain if side == 1 else [])]
    train(options, f"run-{side}-{number}", options.first + side * options.pool + number, more)
    return f"run-{side}-{number}"


def compared(options, number, pools):
    """The JSON of the number-th comparison."""
    rng = random.Random(number)
    runs = [run for pool in pools for run in rng.sample(pool, options.seeds)]
    metrics = [word for metric in options.metric for word in ("--metric", metric)]
    return json.loads(latent(options, "compare", *runs, *metrics, "--json"))


def differences(result):
    """[(metric, difference)] of the row that is not the reference."""
    return [(name, row["metrics"][name]["difference"]) for name in result["metrics"] for row in result["rows"]
            if row["metrics"][name]["difference"]]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=os.environ.get("LATENT", str(ROOT / "build/release/latent")))
    parser.add_argument("--data", default=os.environ.get("LATENT_SHARED_DATA", str(ROOT / "data")) + "/ml-100k/u.data")
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--pool", type=int, default=100, help="runs of either side")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--test", type=float, default=0.1, help="split.test")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="knobs of both")
    parser.add_argument("--same", default="train.lr=0.05", metavar="KEY=VALUE", help="a number that one side has a billionth more of")
    parser.add_argument("--gain", action="append", default=[], metavar="KEY=VALUE", help="knobs of the second side alone")
    parser.add_argument("--metric", action="append", default=[])
    parser.add_argument("--first", type=int, default=1, help="the first train.seed")
    parser.add_argument("--most", type=float, default=0.085, help="the share that may be told apart: 5 %% and the noise of 200")
    options = parser.parse_args()
    options.program, options.data = (str(pathlib.Path(path).resolve()) for path in (options.program, options.data))
    if not options.set:
        options.set = ["model.factors=4", "model.init_std=0.05", "train.steps=50", "train.batch_size=8000", "train.lambda=0.0001"]
    told, by_wilcoxon, beyond = 0, 0, []
    with tempfile.TemporaryDirectory(prefix="latent-campaign-") as folder:
        options.folder = pathlib.Path(folder)
        (options.folder / "empty.json").write_text("{}")
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            pools = [list(pool.map(lambda n, side=side: trained(options, side, n), range(options.pool))) for side in range(2)]
            for result in pool.map(lambda n: compared(options, n, pools), range(options.times)):
                found = differences(result)
                told += any(d["verdict"] != "not told apart" for _, d in found)
                by_wilcoxon += any(d["p_holm"] < 0.05 for _, d in found)
                for _, d in found:
                    half = (d["interval"][1] - d["interval"][0]) / 2
                    beyond.append(abs(d["mean"]) / half if half > 0 else 0)
    cut = statistics.quantiles(beyond, n=40)
    print(f"{options.seeds} seeds a side, {' '.join(options.set + options.gain)}: told apart {told} of {options.times}; "
          f"by Wilcoxon's test alone {by_wilcoxon}; differences in halves of the interval: median {statistics.median(beyond):.2f}, "
          f"97.5 % {cut[-1]:.2f}, most {max(beyond):.2f}")
    if options.gain:
        return 0 if told >= 0.9 * options.times else 1
    return 0 if told <= options.most * options.times else 1


if __name__ == "__main__":
    sys.exit(main())
