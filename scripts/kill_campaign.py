#!/usr/bin/env python3
"""Kills trainings and sweeps of configs drawn at random, goes on with them, and compares the end bit for bit with an undisturbed one's.

    scripts/kill_campaign.py --program build/release/latent --rounds 100 --seed 1

A round draws a model and a config from the table of knobs (early stopping, refit, a fit on all rows, warm starts, any optimizer and solver; one in six
is a sweep), runs it undisturbed, and keeps what came of it in a file of its own. Then the same is killed up to three times: by SIGKILL at a random moment, or by tests/shim
before a call that alters a file or in the middle of one that writes. After each kill it is resumed, on another number of threads too. The end must be the same:
weights, optimizer, log, metrics, model file, per-user figures, the sweep's table and database. No temporary file may be left. Prints a line for each round; exits with 1 when any differs.
"""

import argparse
import hashlib
import json
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests/shim"))
import campaign  # noqa: E402
import commands  # noqa: E402
import contents  # noqa: E402
import draw  # noqa: E402


class Rounds(campaign.Campaign):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.kills, self.keep = 0, False
        self.expected = self.root / "expected.json"
        self.folder.mkdir()
        (self.folder / "d.csv").write_text(commands.rows(60, 30), encoding="utf-8")
        schema = json.loads(self.must(["config", "schema"]).stdout)
        self.draw = draw.Draw(schema, self.complaints)
        self.donors = {}

    def complaints(self, flat):
        (self.folder / "drawn.json").write_text(draw.text(flat), encoding="utf-8")
        done = self.run(["config", "check", "drawn.json"])
        return [] if done.returncode == 0 else done.stderr.splitlines()

    def config(self, rng, model):
        """A config that trains, in c.json; the seconds that it takes. A warm start from a run of the same model now and then."""
        for _ in range(20):
            flat = self.draw.flat(rng, model, "d.csv")
            if model in self.donors and rng.random() < 0.3 and not self.complaints({**flat, "model.init_from": self.donors[model]}):
                flat["model.init_from"] = self.donors[model]
            (self.folder / "c.json").write_text(draw.text(flat), encoding="utf-8")
            begin = time.monotonic()
            if self.run(["train", "c.json", "--run-dir", "run"]).returncode == 0:
                return flat, time.monotonic() - begin
            shutil.rmtree(self.folder / "run", ignore_errors=True)
        raise campaign.Fault(f"no config of {model} trains")

    def sweep(self, rng):
        flat = self.draw.flat(rng, "latent_factor", "d.csv")
        flat["train.steps"], flat["model.factors"] = 40, 3
        for name in ("train.epochs", "train.eval_every", "train.patience", "train.refit"):
            flat.pop(name, None)
        over = {"over": {"model.factors": [2, 4], "train.lr": [0.01, 0.05]}, "metric": "rmse", "search": rng.choice(["grid", "halving"]), "seeds": rng.choice([1, 2])}
        (self.folder / "c.json").write_text(json.dumps({**draw.nested(flat), "sweep": over}), encoding="utf-8")
        begin = time.monotonic()
        if self.run(["sweep", "c.json", "--run-dir", "run"]).returncode != 0:
            shutil.rmtree(self.folder / "run", ignore_errors=True)
            return self.sweep(rng)
        return flat, time.monotonic() - begin

    def state(self):
        """A hash of each file of the run."""
        return {name: hashlib.sha256(repr(value).encode()).hexdigest() for name, value in contents.contents(self.folder / "run").items()}

    def kill_once(self, words, rng, seconds):
        """Runs until it is killed; False where it came to its end before that."""
        if rng.random() < 0.5:
            done = self.run(words, call="change", at=rng.randrange(1, 200), do="kill")
            self.kills += done.returncode == -signal.SIGKILL
            if done.returncode not in (0, -signal.SIGKILL):
                raise campaign.Fault(f"exit {done.returncode}: {done.stderr[-500:]}")
            return done.returncode != 0
        process = subprocess.Popen([self.program, *words], cwd=self.folder, env=self.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(timeout=rng.uniform(0.02, seconds))
            return False
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            self.kills += 1
            return True

    def words(self, sweep, sets=()):
        """The command that begins, or goes on."""
        command = "sweep" if sweep else "train"
        begun = (self.folder / "run" / ("sweep.json" if sweep else "config.json")).exists()
        return [command, "--resume", "run", *sets] if begun else [command, "c.json", "--run-dir", "run"]

    def one(self, number, rng):
        shutil.rmtree(self.folder / "run", ignore_errors=True)
        sweep = number % 6 == 5
        model = "sweep" if sweep else self.draw.models[number % len(self.draw.models)]
        flat, seconds = self.sweep(rng) if sweep else self.config(rng, model)
        self.expected.write_text(json.dumps(self.state()), encoding="utf-8")
        if self.keep:
            shutil.rmtree(self.root / "undisturbed", ignore_errors=True)
            shutil.copytree(self.folder / "run", self.root / "undisturbed")
        if not sweep and model not in self.donors:
            self.donors[model] = f"donor-{model}"
            shutil.copytree(self.folder / "run", self.folder / self.donors[model])
        shutil.rmtree(self.folder / "run")
        kills = rng.randrange(1, 4)
        for _ in range(kills):
            threads = ["--set", f"train.threads={rng.randrange(1, 4)}"]
            jobs = ["--jobs", str(rng.randrange(1, 3))]
            if not self.kill_once([*self.words(sweep), *(jobs if sweep else threads if (self.folder / "run/config.json").exists() else [])], rng, seconds):
                break
            contents.contents(self.folder, torn=True)  # nothing half under its own name
        self.must(self.words(sweep, [] if sweep else ["--set", "train.threads=1"]))
        expected, now = json.loads(self.expected.read_text(encoding="utf-8")), self.state()
        wrong = sorted(name for name in {*expected, *now} if expected.get(name) != now.get(name))
        wrong += contents.left_over(self.folder)
        if wrong:
            raise campaign.Fault(f"differs: {wrong}\n  {json.dumps(flat)}")
        return model


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default="build/release/latent")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--first", type=int, default=0, help="the number of the first round")
    parser.add_argument("--kills", type=int, default=10**9, help="stop after so many")
    parser.add_argument("--minutes", type=float, default=1e9)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", default="", help="a folder to work in, which stays")
    options = parser.parse_args()
    end, wrong, number = time.monotonic() + 60 * options.minutes, 0, 0
    with tempfile.TemporaryDirectory(prefix="latent-kills-") as name:
        rounds = Rounds(options.program, options.keep or name, campaign.library())
        rounds.keep = bool(options.keep)
        for number in range(options.first, options.first + options.rounds):
            if time.monotonic() > end or rounds.kills >= options.kills:
                break
            rng = random.Random(f"{options.seed} {number}")
            try:
                model = rounds.one(number, rng)
                print(f"round {number}: {model}: the same ({rounds.kills} kills so far)", flush=True)
            except (campaign.Fault, contents.Damaged) as why:
                wrong += 1
                print(f"round {number}: FAULT {why}", flush=True)
        print(f"{rounds.kills} kills, {wrong} faults")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
