#!/usr/bin/env python3
"""How near a config of a path and a model comes to a tuned one: makes docs/bare.json, which results.py puts on its page.

    scripts/bare.py data --program build/release/latent            all pairs of a data set and a model
    scripts/bare.py data --only "lastfm mf" --trials 8             the pairs whose name holds this text

A `latent sweep` draws the trials, the first of which is the bare config itself, and judges them on a validation part. Its winner and
the bare config are then trained and judged on the test part alike: with the same rows, early stopping and fit on all.
"""

import argparse
import csv
import json
import pathlib
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
KEPT = ROOT / "docs/bare.json"
FILES = ("train", "valid", "test")
SETS = {
    "ml-100k": {"path": "ml-100k/u.data"},
    "goodreads-200k": {"path": "goodreads_interactions_200k.csv.gz"},
    "goodbooks-10k": {"path": "goodbooks-10k/ratings.csv.gz"},
    "lastfm": {"folder": "lastfm-ranking"},
    "ml-1m": {"folder": "ml-1m-ranking"},
}
# Models that stop early: how a sweep is to train them, as a bare config does.
STOPPED = {"train.epochs": 200, "train.patience": 5}
MODELS = {
    "latent_factor": {"metric": "rmse", "stopped": True, "batch": 2000,
                      "over": {"model.factors": {"pow2": [4, 64]}, "train.lr": {"log": [0.002, 0.02]},
                               "train.lambda": {"log": [1e-6, 1e-4]}, "train.lambda_factors": {"log": [1e-5, 1e-3]}}},
    "svd": {"metric": "rmse", "stopped": True,
            "over": {"model.factors": {"pow2": [8, 128]}, "train.lr": {"log": [0.002, 0.02]}, "train.lambda": {"log": [0.02, 0.2]}}},
    "bayesian_mf": {"metric": "rmse", "over": {"model.factors": {"pow2": [2, 32]}}},
    "bpr": {"metric": "ndcg@10", "stopped": True, "batch": 2000,
            "over": {"model.factors": {"pow2": [32, 128]}, "train.lr": {"log": [0.002, 0.03]}, "train.lambda_factors": {"log": [1e-7, 1e-4]}}},
    "mf": {"metric": "ndcg@10", "stopped": True, "batch": 2048,
           "over": {"model.factors": {"pow2": [32, 256]}, "train.lr": {"log": [0.001, 0.01]}, "mf.tau": {"log": [0.05, 0.3]}}},
    "ials": {"metric": "ndcg@10",
             "over": {"model.factors": {"pow2": [32, 256]}, "ials.alpha0": {"log": [0.005, 0.5]}, "ials.reg": {"log": [0.001, 0.05]}}},
}


def pairs():
    for data in SETS:
        for model, about in MODELS.items():
            if about["metric"] == "rmse" and "folder" in SETS[data]:
                continue  # pairs without ratings
            yield f"{data} {model}", data, model


def source(options, data):
    about = SETS[data]
    if "path" in about:
        return {"data": {"path": str(options.data / about["path"])}}
    paths = {}
    for part in FILES:
        file = options.data / about["folder"] / f"{part}.txt"
        paths["path" if part == "train" else f"{part}_path"] = str(file if file.exists() else file.with_name(file.name + ".gz"))
    return {"data": paths, "split": {"kind": "files"}}


def run(options, *words):
    subprocess.run([options.program, *map(str, words)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def sets(knobs):
    return [word for name, value in knobs.items() for word in ("--set", f"{name}={json.dumps(value) if not isinstance(value, str) else value}")]


def judged(options, config, knobs, folder, metric):
    start = time.monotonic()
    run(options, "train", config, "--run-dir", folder, *sets({**knobs, "export.auto": False}))
    return json.loads((folder / "metrics.json").read_text())["test"][metric], time.monotonic() - start


def tuned_knobs(options, config, model, data, folder):
    about = MODELS[model]
    knobs = {f"sweep.{name}": value for name, value in
             {"over": about["over"], "search": "random", "trials": options.trials, "seeds": 1, "metric": about["metric"]}.items()}
    if about.get("stopped"):
        knobs.update(STOPPED)
    if "path" in SETS[data]:
        knobs["split.valid"] = 0.1
    spec = json.loads(config.read_text())
    for name, value in knobs.items():
        section, knob = name.split(".", 1)
        spec.setdefault(section, {})[knob] = value
    if "batch" in about:
        spec["train"].update(batch_size=about["batch"])
    asked = folder / "sweep.json"
    asked.write_text(json.dumps(spec))
    run(options, "sweep", asked, "--run-dir", folder / "sweep", "--jobs", 1)
    with open(folder / "sweep/sweep.csv", encoding="utf-8") as file:
        best = next(csv.DictReader(file))
    return {name: json.loads(best[name]) if best[name] != "auto" else "auto"
            for name in about["over"] if best.get(name)}, int(best["trial"])


def measured(options, data, model):
    metric = MODELS[model]["metric"]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        config = folder / "bare.json"
        config.write_text(json.dumps({**source(options, data), "model": {"name": model}}))
        bare, seconds = judged(options, config, {}, folder / "bare", metric)
        knobs, trial = tuned_knobs(options, config, model, data, folder)
        length = {**STOPPED, "train.refit": True} if MODELS[model].get("stopped") else {}
        if "batch" in MODELS[model]:
            length["train.batch_size"] = MODELS[model]["batch"]
        if length and "path" in SETS[data]:
            length["split.valid"] = 0.1
        tuned, tuned_seconds = judged(options, config, {**knobs, **length}, folder / "tuned", metric)
    return {"metric": metric, "bare": bare, "bare_seconds": seconds, "tuned": tuned, "tuned_seconds": tuned_seconds,
            "knobs": knobs, "trial": trial, "trials": options.trials}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=pathlib.Path, help="the folder that the configs call data/")
    parser.add_argument("--program", default=str(ROOT / "build/release/latent"))
    parser.add_argument("--only", default="", help="pairs whose name holds this text")
    parser.add_argument("--missing", action="store_true", help="pairs that docs/bare.json lacks")
    parser.add_argument("--trials", type=int, default=10)
    options = parser.parse_args()
    options.data = options.data.resolve()
    for name, data, model in pairs():
        kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
        if options.only not in name or (options.missing and name in kept):
            continue
        kept[name] = measured(options, data, model)
        print(name, json.dumps(kept[name]), flush=True)
        KEPT.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
