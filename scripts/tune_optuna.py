#!/usr/bin/env python3
"""Lets Optuna's samplers and pruners choose the values of a config's section "sweep", each trained by `latent train`.

    pip install optuna
    scripts/tune_optuna.py configs/sweep.json --trials 60 --sampler tpe --pruner median --dir runs/tuned

A trial is a run DIR/NNNN; the pruner sees the validation metric of each pass in its log.jsonl. The study is DIR/optuna.journal:
the same command goes on with it. Unlike `latent sweep` this depends on the order in which trials end, and tests nothing.
"""

import argparse
import json
import pathlib
import re
import signal
import subprocess
import sys
import time

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

UNREAD = re.compile(r"([\w.]+) is not read (?:by|unless)")
LOWER_IS_BETTER = {"mse", "rmse", "mae", "rounded_mse"}
FOREVER = 1_000_000  # train.patience: validations are made, none stops the training


def read_config(path):
    """The config's JSON, without its comments."""
    text = pathlib.Path(path).read_text(encoding="utf-8")
    return json.loads(re.sub(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/', lambda found: found[1] or "", text, flags=re.DOTALL))


def is_whole(ends):
    return all(isinstance(end, int) for end in ends)


def suggested(trial, over):
    """{knob: value} of the section's lists and ranges."""
    out = {}
    for knob, values in over.items():
        if isinstance(values, list):
            out[knob] = trial.suggest_categorical(knob, values)
        elif "pow2" in values:
            low, high = values["pow2"]
            powers = [2**n for n in range(0, 62) if low <= 2**n <= high]
            out[knob] = trial.suggest_categorical(knob, powers)
        else:
            form = "log" if "log" in values else "linear"
            suggest = trial.suggest_int if is_whole(values[form]) else trial.suggest_float
            out[knob] = suggest(knob, *values[form], log=form == "log")
    return out


class Tuner:
    def __init__(self, options):
        self.options = options
        config = read_config(options.config)
        if "sweep" not in config:
            sys.exit(f'{options.config}: has no section "sweep"')
        self.over = config["sweep"]["over"]
        self.metric = config["sweep"].get("metric", "")
        if not self.metric:
            sys.exit(f"{options.config}: give sweep.metric")
        self.patience = config.get("train", {}).get("patience", 0) or FOREVER

    def command(self, run, values):
        sets = {"train.patience": self.patience, "train.monitor": self.metric, "export.auto": False, **values}
        words = [f"--set={knob}={value if isinstance(value, str) else json.dumps(value)}" for knob, value in sets.items()]
        return [self.options.program, "train", self.options.config, "--run-dir", str(run), "--overwrite", *words]

    def figures(self, run):
        """The metric after each validation so far."""
        try:
            lines = (run / "log.jsonl").read_text(encoding="utf-8").split("\n")[:-1]
        except FileNotFoundError:
            return []
        return [line[f"valid_{self.metric}"] for line in map(json.loads, lines) if f"valid_{self.metric}" in line]

    def __call__(self, trial):
        run = pathlib.Path(self.options.dir) / f"{trial.number:04}"
        values = suggested(trial, self.over)
        while True:
            process = subprocess.Popen(self.command(run, values), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, encoding="utf-8")
            self.follow(trial, run, process)
            error = process.communicate()[1]
            unread = set(UNREAD.findall(error)) & set(values)
            if process.returncode == 0:
                break
            if not unread:
                trial.set_user_attr("error", error.strip().splitlines()[-1])
                raise RuntimeError(error.strip().splitlines()[-1])
            values = {knob: value for knob, value in values.items() if knob not in unread}
        trial.set_user_attr("tuned", values)
        figures = self.figures(run)
        return min(figures) if self.metric in LOWER_IS_BETTER else max(figures)

    def follow(self, trial, run, process):
        """Reports validations as they come; ends the run that the pruner gives up."""
        told = 0
        while True:
            ended = process.poll() is not None
            figures = self.figures(run)
            for step in range(told, len(figures)):
                trial.report(figures[step], step)
            if not ended and len(figures) > told and trial.should_prune():
                process.send_signal(signal.SIGTERM)
                process.communicate()
                raise optuna.TrialPruned()
            told = len(figures)
            if ended:
                return
            time.sleep(0.05)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config")
    parser.add_argument("--trials", type=int, default=30)
    parser.add_argument("--sampler", choices=["tpe", "random", "qmc"], default="tpe")
    parser.add_argument("--pruner", choices=["median", "hyperband", "none"], default="median")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--dir", default="runs/tuned")
    parser.add_argument("--program", default="build/release/latent")
    options = parser.parse_args()
    tuner = Tuner(options)
    pathlib.Path(options.dir).mkdir(parents=True, exist_ok=True)
    samplers = {"tpe": optuna.samplers.TPESampler, "random": optuna.samplers.RandomSampler, "qmc": optuna.samplers.QMCSampler}
    pruners = {"median": optuna.pruners.MedianPruner, "hyperband": optuna.pruners.HyperbandPruner, "none": optuna.pruners.NopPruner}
    study = optuna.create_study(
        study_name="latent", load_if_exists=True, sampler=samplers[options.sampler](seed=options.seed), pruner=pruners[options.pruner](),
        direction="minimize" if tuner.metric in LOWER_IS_BETTER else "maximize",
        storage=JournalStorage(JournalFileBackend(str(pathlib.Path(options.dir) / "optuna.journal"))))
    study.optimize(tuner, n_trials=options.trials, catch=(RuntimeError,))
    best = study.best_trial
    print(f"best {tuner.metric} {best.value:.6g}: trial {best.number}")
    print(" ".join(f"--set {knob}={json.dumps(value)}" for knob, value in best.user_attrs["tuned"].items()))


if __name__ == "__main__":
    main()
