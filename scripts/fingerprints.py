#!/usr/bin/env python3
"""Checksums of what every model comes to on MovieLens 100k: proof that a change kept the bits.

    scripts/fingerprints.py                     compare with tests/golden/fingerprints.json
    scripts/fingerprints.py --write             write that file anew; says whether tables or metrics changed
    scripts/fingerprints.py --only ials         the cases whose name holds "ials"

Each case (a model in one of its forms, optimizers or solver modes) is trained briefly on one and on
two threads; its fingerprint is a SHA-256 over the exported tables and the figures of metrics.json.
Bits belong to a processor, a compiler and a LibTorch: elsewhere the comparison is skipped (exit
status 77). Sanctioned changes of metrics alone are told apart from changes of tables.
"""

import argparse
import hashlib
import importlib.metadata
import json
import os
import pathlib
import platform
import re
import subprocess
import sys
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[1]
GOLDEN = ROOT / "tests/golden/fingerprints.json"
SKIPPED = 77

SHORT = ["train.steps=12", "train.batch_size=9000", "train.lr=0.05"]
STOPPED = ["train.epochs=12", "train.batch_size=9000", "train.lr=0.05", "train.patience=2"]


def cases():
    """{name: knobs}; a case gives only knobs that its model reads."""
    out = {"mean": ["model.name=mean"]}
    for model in ("bias_only", "latent_factor", "bpr"):
        factors = [] if model == "bias_only" else ["model.factors=11", "model.init_std=0.05"]
        for form in ("pytorch", "tensorflow"):
            for optimizer in ("adam", "adam_lazy", "sgd", "adagrad"):
                out[f"{model} {form} {optimizer}"] = [f"model.name={model}", f"train.form={form}",
                                                      f"train.optimizer={optimizer}", *factors, *SHORT]
        out[f"{model} early stopping, refit"] = [f"model.name={model}", *factors, *STOPPED, "train.refit=true"]
        out[f"{model} groups of penalties"] = [
            f"model.name={model}", *factors, *SHORT, "train.lambda_item_bias=0.002",
            *(["train.lambda_user_bias=0.001"] if model != "bpr" else []),
            *(["train.lambda_factors=0.003"] if model != "bias_only" else [])]
    out["latent_factor rating scale"] = ["model.name=latent_factor", "model.factors=11", *SHORT,
                                         "data.rating_scale=[1,5]"]
    out["latent_factor every row"] = ["model.name=latent_factor", "model.factors=11", *SHORT, "train.rows=all"]
    out["bpr by auc"] = ["model.name=bpr", "model.factors=11", *STOPPED, "train.monitor=auc"]
    out["baseline"] = ["model.name=baseline", "train.epochs=6"]
    for name, more in {"": [], " unbiased": ["svd.biased=false"], " exact": ["train.exact=true"],
                       " rates": ["svd.lr_bu=0.01", "svd.reg_qi=0.05"]}.items():
        out["svd" + name] = ["model.name=svd", "model.factors=20", "train.epochs=4", *more]
    out["svd early stopping, refit"] = ["model.name=svd", "model.factors=20", "train.epochs=30", "train.lr=0.02",
                                        "train.patience=2", "train.refit=true"]
    for name, more in {"": [], " unverified": ["implicit_bpr.verify_negative_samples=false"],
                       " exact": ["train.exact=true"], " f=63": ["model.factors=63"]}.items():
        out["implicit_bpr" + name] = ["model.name=implicit_bpr", "train.epochs=5", *more]
    for name, more in {"": ["model.factors=24", "ials.alpha0=0.1", "ials.reg=0.01"],
                       " many factors": ["model.factors=150", "train.epochs=2", "ials.alpha0=0.1", "ials.reg=0.01"],
                       " implicit": ["model.factors=24", "ials.form=implicit"],
                       " implicit rating": ["model.factors=24", "ials.form=implicit", "data.weight=rating"],
                       " implicit bm25": ["model.factors=24", "ials.form=implicit", "data.weight=bm25"]}.items():
        out["ials" + name] = ["model.name=ials", *more] + ([] if "many" in name else ["train.epochs=5"])
    return out


def latent(program, folder, *arguments):
    done = subprocess.run([program, *arguments], cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"fingerprints: {' '.join(arguments)}\n{done.stderr}")
    return done.stdout


def digest(parts):
    return hashlib.sha256(b"".join(parts)).hexdigest()[:24]


def fingerprint(program, data, folder, knobs, threads):
    """{"tables": digest, "metrics": digest} of one training."""
    run = folder / "run"
    sets = [f"data.path={data}", "data.cache_dir=none", "split.test=0.1", "split.valid=0.1", "eval.metrics=all",
            f"train.threads={threads}", "export.auto=false", *knobs]
    (folder / "empty.json").write_text("{}")
    latent(program, folder, "train", "empty.json", "--run-dir", str(run), "--overwrite",
           *(word for knob in sets for word in ("--set", knob)))
    latent(program, folder, "export", str(run), "-o", str(folder / "tables.npz"), "--format", "npz")
    with np.load(folder / "tables.npz", allow_pickle=False) as file:
        tables = {name: file[name] for name in file.files}
    parts = []
    for name in sorted(tables):
        # The packages' own parameters stand beside the tables of ranking models; threads are no result.
        if tables[name].dtype.kind == "f" and tables[name].ndim > 0:
            parts += [name.encode(), str(tables[name].shape).encode(), tables[name].tobytes()]
    metrics = json.loads((run / "metrics.json").read_text())
    # Figures of lists and of item means came after the first checksums.
    later = re.compile(r"(popularity_)?(coverage|novelty|gini)@\d+|(warm_)?item_mean_mse")
    figures = {part: {name: value for name, value in metrics[part].items() if not later.fullmatch(name)}
               for part in ("valid", "test")}
    return {"tables": digest(parts), "metrics": digest([json.dumps(figures, sort_keys=True).encode()])}


def machine(program):
    """What the bits belong to."""
    model = platform.processor()
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    compiler = subprocess.run([os.environ.get("CXX", "c++"), "-dumpfullversion"], capture_output=True, text=True)
    try:
        torch = importlib.metadata.version("torch")
    except importlib.metadata.PackageNotFoundError:
        torch = ""
    return {"processor": model, "compiler": compiler.stdout.strip(), "torch": torch,
            "level": os.environ.get("LATENT_CPU", "")}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=os.environ.get("LATENT", str(ROOT / "build/release/latent")))
    parser.add_argument("--data", default=os.environ.get("LATENT_SHARED_DATA", str(ROOT / "data")) +
                        "/ml-100k/u.data")
    parser.add_argument("--only", default="", metavar="TEXT")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    data = pathlib.Path(options.data).resolve()
    if not data.exists():
        print(f"skipped: no {options.data}")
        return SKIPPED
    here = machine(options.program)
    golden = {}
    if not options.write:
        golden = json.loads(GOLDEN.read_text())
        if golden["machine"] != here:
            print(f"skipped: the fingerprints are of {golden['machine']}, this is {here}")
            return SKIPPED
    found, wrong = {}, []
    with tempfile.TemporaryDirectory(prefix="latent-fingerprints-") as folder:
        for name, knobs in cases().items():
            if options.only not in name:
                continue
            for threads in (1, 2):
                key = f"{name}, {threads} thread{'s' * (threads > 1)}"
                found[key] = fingerprint(options.program, data, pathlib.Path(folder), knobs, threads)
                if not options.write:
                    want = golden["cases"].get(key)
                    changed = ["no golden"] if want is None else [p for p in want if want[p] != found[key][p]]
                    if changed:
                        wrong.append(f"{key}: {', '.join(changed)}")
                        print("changed:", wrong[-1], flush=True)
    if options.write:
        before = json.loads(GOLDEN.read_text())["cases"] if GOLDEN.exists() else {}
        for key in sorted(before.keys() & found.keys()):
            for part in ("tables", "metrics"):
                if before[key][part] != found[key][part]:
                    print(f"new {part}: {key}")
        GOLDEN.write_text(json.dumps({"machine": here, "cases": found}, indent=1) + "\n")
        print(f"wrote {len(found)} fingerprints")
        return 0
    print(f"{len(found) - len(wrong)} of {len(found)} fingerprints agree")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
