#!/usr/bin/env python3
"""Whether training, ranking and models come out on a GPU as they do on the CPU. Prints a line for each check; exit 1: one fell.

    scripts/gpu_checks.py --device cuda [--latent build/release/latent] [--seeds 4] [--only WORDS]
    scripts/gpu_checks.py --device cpu --quick      # the dry run: a GPU's code, on the CPU (LATENT_DEVICE_CODE)

Needs numpy and torch beside the program. What is compared with the CPU:

same draws   Where a batch holds every row, and an item is the only one that its user lacks, it does not matter what is drawn:
             objectives of all steps and the tables after them must agree up to rounding. Every model that autograd trains, every loss of mf.
seeds        Draws differ between devices. So do figures of a training: means over seeds must agree within the spread of seeds.
weights      The same tables, ranked and judged on both: all metrics.
resume       A run that was cut in two has the bits of one that was not, on the device.
memory       More than the device has: one line, exit code 1.
export       The model of a run on the device answers alike when latent serves it, and when torch loads it onto the device.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[1]
LOSSES = ["mse", "bce", "bpr", "hinge", "softmax", "bsl", "sl_at_k", "ccl", "directau"]
OPTIMIZERS = ["adam", "adam_lazy", "sgd", "adagrad"]
ROUNDING = 2e-4  # of the largest entry of a table, after some steps of float sums in other orders


class Program:
    """The program on the device, and on the CPU beside it."""

    def __init__(self, options, folder):
        self.options, self.folder, self.count = options, folder, 0

    def run(self, *words, device=True, code=0):
        environment = {**os.environ, "XDG_CACHE_HOME": str(self.folder / "cache"), "LATENT_DEVICE_CODE": ""}
        if device and self.options.device == "cpu":
            environment["LATENT_DEVICE_CODE"] = "1"
        done = subprocess.run([str(self.options.latent), *map(str, words)], capture_output=True, text=True, env=environment, cwd=self.folder)
        if done.returncode != code:
            raise AssertionError(f"exit code {done.returncode} of latent {' '.join(map(str, words))}\n{done.stdout}{done.stderr}")
        return done

    def train(self, knobs, device=True, run=None, resume=False, code=0):
        """-> run directory, its metrics."""
        self.count += 1
        run = run or self.folder / f"run-{self.count}"
        config = self.folder / "config.json"
        config.write_text("{}")
        where = self.options.device if device else "cpu"
        words = ["train", "--resume", run] if resume else ["train", config, "--run-dir", run]
        sets = {**knobs, "train.device": where, "train.threads": 2}
        for key, value in sets.items():
            words += ["--set", f"{key}={json.dumps(value)}"]
        done = self.run(*words, "--json", device=device, code=code)
        return run, json.loads(done.stdout) if code == 0 else done

    def tables(self, run):
        path = self.folder / "tables.npz"
        self.run("export", run, "-o", path)
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files if file[name].dtype.kind == "f"}

    def objectives(self, run):
        lines = map(json.loads, (pathlib.Path(run) / "log.jsonl").read_text().splitlines())
        return np.array([line["objective"] for line in lines if "objective" in line])


def write_csv(path, pairs, rng):
    with open(path, "w") as out:
        out.write("user,item,rating\n")
        for u, i in pairs:
            out.write(f"u{u},i{i},{rng.integers(1, 6)}\n")
    return str(path)


class Checks:
    def __init__(self, options, folder):
        self.options, self.folder, self.program = options, folder, Program(options, folder)
        self.fallen = self.done = 0
        rng = np.random.default_rng(1)
        users, items = (60, 40) if options.quick else (2000, 1000)
        weights = 1 / np.arange(1, items + 1) ** 0.7
        pairs = [(u, i) for u in range(users) for i in rng.choice(items, rng.integers(4, items // 3), False, weights / weights.sum())]
        self.some = write_csv(folder / "some.csv", pairs, rng)
        # Every user lacks one item, which can be the only negative.
        lacking = [(u, i) for u in range(40) for i in range(12) if i != (u * 5) % 12]
        self.nearly_all = write_csv(folder / "nearly_all.csv", lacking, rng)
        self.few = {"data.path": self.some, "split.seed": 1, "export.auto": False, "model.factors": 8, "model.init": "normal", "model.init_std": 0.1, "eval.metrics": "ranking", "eval.k": [5, 10]}

    def check(self, name, compare):
        if self.options.only and not any(word in name for word in self.options.only.split(",")):
            return
        self.done += 1
        try:
            told = compare() or ""
            print(f"ok    {name:44} {told}", flush=True)
        except Exception as e:  # the others go on
            self.fallen += 1
            print(f"FELL  {name:44} {type(e).__name__}: {e}", flush=True)

    # --- same draws ------------------------------------------------------------------------------

    def same_draws(self, knobs):
        """Objectives and tables of the device beside the CPU's."""
        knobs = {"split.kind": "random", "split.test": 0.0, "split.valid": 0.0, "export.auto": False, "train.batch_size": 10**6, "train.epochs": 8, "train.lr": 0.01, "model.init_std": 0.2,
                 "train.log_every": 1, **({} if knobs["model.name"] == "bias_only" else {"model.factors": 8}), **knobs}
        (ours, _), (cpu, _) = (self.program.train(knobs, device) for device in (True, False))
        one, other = self.program.objectives(ours), self.program.objectives(cpu)
        assert one.shape == other.shape and len(one) >= 2, (one, other)
        off = np.max(np.abs(one - other) / np.maximum(1e-3, np.abs(other)))
        assert off < ROUNDING, f"objectives differ by {off:.2e} of themselves: {one} {other}"
        far = 0.0
        expected = self.program.tables(cpu)
        for name, table in self.program.tables(ours).items():
            far = max(far, np.abs(table - expected[name]).max() / np.abs(expected[name]).max())
        assert far < 20 * ROUNDING, f"tables differ by {far:.2e} of their largest entry"
        return f"objectives within {off:.1e}, tables within {far:.1e}"

    def every_loss(self):
        for optimizer in OPTIMIZERS:
            self.check(f"same draws: latent_factor {optimizer}", lambda: self.same_draws({"data.path": self.some, "model.name": "latent_factor", "train.optimizer": optimizer}))
        self.check("same draws: bias_only", lambda: self.same_draws({"data.path": self.some, "model.name": "bias_only"}))
        for form in ("pytorch", "tensorflow"):
            self.check(f"same draws: bpr {form}", lambda: self.same_draws({"data.path": self.nearly_all, "model.name": "bpr", "train.form": form, "train.lambda": 1e-3}))
        for loss in LOSSES:
            knobs = {"model.name": "mf", "mf.loss": loss, "model.init": "normal", **({"mf.at_k": 5, "mf.refresh": 3} if loss == "sl_at_k" else {})}
            if loss == "directau":
                self.check("same draws: mf directau", lambda: self.same_draws({**knobs, "data.path": self.some}))
                continue
            own = {**knobs, "data.path": self.nearly_all, "train.negatives": 3, "train.negatives_shared": "false"}
            self.check(f"same draws: mf {loss}, own negatives", lambda: self.same_draws(own))
            shared = {**knobs, "data.path": self.some, "train.negative_sampling": "in_batch"}
            self.check(f"same draws: mf {loss}, shared negatives", lambda: self.same_draws(shared))

    # --- seeds -----------------------------------------------------------------------------------

    def seeds(self, knobs):
        """Means over seeds of the objective and of test metrics."""
        figures = {True: [], False: []}
        for device, rows in figures.items():
            for seed in range(self.options.seeds):
                run, told = self.program.train({**self.few, **knobs, "train.seed": seed}, device)
                rows.append([self.program.objectives(run)[-1], told["test"]["auc"], told["test"]["ndcg@10"]])
        ours, cpu = np.array(figures[True]), np.array(figures[False])
        # Two means of n seeds: four of their standard errors, and a floor for spreads that happen to be small.
        error = np.sqrt((ours.var(0, ddof=1) + cpu.var(0, ddof=1)) / len(ours))
        off, room = np.abs(ours.mean(0) - cpu.mean(0)), 4 * error + 0.04 * np.abs(cpu.mean(0)) + 0.005
        told = ", ".join(f"{name} {a:.4f} / {b:.4f}" for name, a, b in zip(("objective", "auc", "ndcg@10"), ours.mean(0), cpu.mean(0)))
        assert (off <= room).all(), f"{told}; differ by {off}, more than {room}"
        return told

    def spread(self):
        steps = {"train.batch_size": 256, "train.steps": 60, "train.epochs": 0, "train.log_every": 20}
        self.check("seeds: bpr", lambda: self.seeds({"model.name": "bpr", "train.lr": 0.02, **steps}))
        for loss in (["softmax"] if self.options.quick else LOSSES[:-1]):
            for sampling in ("uniform", "popularity"):
                knobs = {"model.name": "mf", "mf.loss": loss, "train.negative_sampling": sampling, "train.negatives": 64, "train.user_dropout": 0.1, "train.lr": 0.02, **steps}
                self.check(f"seeds: mf {loss} {sampling}", lambda: self.seeds(knobs))

    # --- the rest --------------------------------------------------------------------------------

    def trained(self):
        return self.program.train({**self.few, "model.name": "bpr", "train.steps": 40, "train.batch_size": 512, "train.lr": 0.02})

    def weights(self):
        """Ranked on the device, and by the CPU."""
        run, _ = self.trained()
        ours = json.loads(self.program.run("evaluate", run, "--json").stdout)["test"]
        cpu = json.loads(self.program.run("evaluate", run, "--json", "--set", "train.device=cpu", device=False).stdout)["test"]
        assert ours.keys() == cpu.keys()
        off = {name: abs(ours[name] - cpu[name]) for name in ours}
        worst = max(off, key=off.get)
        assert off[worst] < 1e-3, f"{worst}: {ours[worst]} and {cpu[worst]}"
        return f"{len(off)} figures, the largest difference {off[worst]:.1e}"

    def resume(self, name, knobs):
        knobs = {**self.few, "model.name": name, "train.batch_size": 512, "train.lr": 0.02, "train.steps": 24, "train.epochs": 0, **knobs}
        whole, _ = self.program.train(knobs)
        cut, _ = self.program.train({**knobs, "train.steps": 11})
        self.program.train({"train.steps": 24}, run=cut, resume=True)
        expected = self.program.tables(whole)
        for table, values in self.program.tables(cut).items():
            assert values.tobytes() == expected[table].tobytes(), f"{table} has other bits"
        return f"{len(expected)} tables, every bit"

    def memory(self):
        knobs = {**self.few, "model.name": "mf", "train.batch_size": 100_000, "train.negatives": 2**31 - 1, "train.negatives_shared": "false", "train.epochs": 1}
        _, done = self.program.train(knobs, code=1)
        lines = [line for line in done.stderr.splitlines() if line.startswith("latent: ")]
        assert len(lines) == 1 and "memory" in lines[0], done.stderr
        return lines[0]

    def export(self):
        import torch

        run, _ = self.trained()
        path = self.folder / "model.pt"
        self.program.run("export", run, "-o", path)
        # What a module of TorchScript would do on a machine that has no latent.
        model = torch.jit.load(str(path), map_location=self.options.device)
        for user in ("u1", "u7", "u33"):
            served = json.loads(self.program.run("recommend", path, "--user", user, "-k", 5, "--json").stdout)
            loaded = model.recommend_id(user, 5, True)
            assert [row["item"] for row in served] == [item for item, _ in loaded], (served, loaded)
            np.testing.assert_allclose([row["score"] for row in served], [score for _, score in loaded], rtol=1e-4, atol=1e-6)
        return "3 lists alike"

    def all(self):
        self.every_loss()
        self.spread()
        self.check("weights: ranked on both", self.weights)
        for name, knobs in (("latent_factor", {}), ("latent_factor", {"train.optimizer": "adam_lazy"}), ("bpr", {}), ("mf", {"mf.loss": "softmax"}), ("mf", {"mf.loss": "bsl"}),
                            ("mf", {"mf.loss": "sl_at_k", "mf.at_k": 5, "mf.refresh": 1})):
            self.check(f"resume: {name} {' '.join(map(str, knobs.values()))}", lambda: self.resume(name, knobs))
        self.check("memory: more than there is", self.memory)
        self.check("export: served, and loaded onto the device", self.export)
        print(f"{self.done} checks on {self.options.device}, {self.fallen} fell")
        return 1 if self.fallen or not self.done else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda", help="cuda, cuda:N, or cpu for the dry run")
    parser.add_argument("--latent", type=pathlib.Path, default=pathlib.Path(os.environ.get("LATENT") or ROOT / "build/release/latent"))
    parser.add_argument("--seeds", type=int, default=0, help="seeds of a mean (default: 4; 2 with --quick)")
    parser.add_argument("--quick", action="store_true", help="small data, fewer losses where draws differ")
    parser.add_argument("--only", default="", help="checks whose names hold one of these: weights,resume")
    options = parser.parse_args()
    options.seeds = options.seeds or (2 if options.quick else 4)
    options.latent = options.latent.resolve()
    with tempfile.TemporaryDirectory(prefix="latent-gpu-") as folder:
        sys.exit(Checks(options, pathlib.Path(folder)).all())


if __name__ == "__main__":
    main()
