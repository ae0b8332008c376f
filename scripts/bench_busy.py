"""bench.py --busy: how long a training takes when it is not alone on the machine.

For each model: its seconds with one thread and nothing beside it; and, as ratios to these, with two threads alone, beside
a process that spins, and beside the same training (the slower of the two). Each round measures all of them one after
another; ratios are of one round, and the median of the rounds is printed with the lowest and the highest.
"""
import json
import statistics
import subprocess
import sys

MODELS = {
    "latent_factor": {"model.factors": 5, "train.steps": 800},
    "bias_only": {"train.steps": 800},
    "bpr": {"model.factors": 5, "train.steps": 500},
    "svd": {"train.epochs": 40},
    "implicit_bpr": {"model.factors": 63, "train.epochs": 30},
    "ials": {"model.factors": 64, "train.epochs": 6, "ials.alpha0": 0.1, "ials.reg": 0.003},
    "baseline": {"train.epochs": 200},
}
CASES = ("two threads alone", "one core taken", "two at once")


class Trainings:
    def __init__(self, bench, program, model):
        self.bench, self.program, self.model = bench, program, model
        self.knobs = {"model.name": model.split()[0], "eval.metrics": "rating", "export.auto": False} | MODELS[model]
        self.count = 0

    def start(self, threads):
        self.count += 1
        directory = self.bench.folder / "busy" / str(self.count)
        config = self.bench.folder / "busy.json"
        config.write_text(json.dumps({"data": {"path": str(self.bench.data), "cache_dir": str(self.bench.folder / "cache")}}))
        command = [self.program, "train", config, "--json", "--overwrite", "--run-dir", directory]
        for knob, value in (self.knobs | {"train.threads": threads}).items():
            command += ["--set", f"{knob}={json.dumps(value)}"]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    @staticmethod
    def seconds(process):
        out, _ = process.communicate()
        if process.returncode:
            sys.exit(f"{process.args} failed")
        return json.loads(out)["train"]["seconds"]

    def alone(self, threads):
        return self.seconds(self.start(threads))

    def beside_a_spinning_process(self):
        spinning = subprocess.Popen([sys.executable, "-c", "while True: pass"])
        try:
            return self.alone(2)
        finally:
            spinning.kill()
            spinning.wait()

    def two_at_once(self):
        return max([self.seconds(p) for p in [self.start(2), self.start(2)]])

    def round(self):
        """-> seconds with one thread alone, and of CASES."""
        return [self.alone(1), self.alone(2), self.beside_a_spinning_process(), self.two_at_once()]


def text(ratios):
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def main(bench, models, against=None):
    (bench.folder / "busy").mkdir()
    print("| model | one thread alone, s | " + " | ".join(CASES) + " |" + (" two threads, of the other's |" if against else ""))
    print("| --- |" + " --- |" * (len(CASES) + 1 + bool(against)))
    for model in models:
        own = Trainings(bench, bench.options.latent, model)
        own.alone(2)  # makes the cache
        rounds, compared = [], []
        for _ in range(bench.options.repeat):
            rounds.append(own.round())
            if against:
                other = Trainings(bench, against, model)
                compared += [own.alone(2) / other.alone(2) for _ in range(2)]
        ratios = [text([r[1 + n] / r[0] for r in rounds]) for n in range(len(CASES))]
        row = [model, f"{statistics.median(r[0] for r in rounds):.2f}", *ratios] + ([text(compared)] if against else [])
        print("| " + " | ".join(row) + " |", flush=True)
        bench.table.append({"row": model, "rounds": rounds, "compared": compared})
