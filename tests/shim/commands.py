"""The commands whose calls scripts/fail_io.py lets fail, each in a folder of its own that stands ready for it."""

import json
import pathlib
import random

import contents


def rows(users, items, seed=0):
    """Ratings as CSV, of about a third of the pairs."""
    rng = random.Random(seed)
    pairs = [(u, i) for u in range(users) for i in range(items) if rng.random() < 0.35]
    return "user,item,rating\n" + "".join(f"u{u},i{i},{1 + (u * 3 + i * 5 + rng.randrange(2)) % 5}\n" for u, i in pairs)


TRAIN = {"data": {"path": "d.csv", "cache_dir": "none"}, "split": {"test": 0.1, "valid": 0.2},
         "model": {"name": "latent_factor", "factors": 3}, "checkpoint": {"every": 10},
         "train": {"steps": 30, "batch_size": 100, "threads": 1}}


def changed(base, **sections):
    return {name: {**base.get(name, {}), **sections.get(name, {})} for name in {**base, **sections}}


CONFIGS = {
    "c.json": TRAIN,
    # Three fits, each with checkpoints, and all that a run may write.
    "fits.json": changed(TRAIN, train={"patience": 3, "eval_every": 10, "refit": True}, export={"fit": "all"}, log={"tensorboard": True}),
    "cached.json": changed(TRAIN, data={"cache_dir": "cache"}, train={"steps": 1}, export={"auto": False}),
    "sweep.json": {**changed(TRAIN, export={"auto": False}, train={"steps": 10}),
                   "sweep": {"over": {"model.factors": [2, 3]}, "metric": "rmse", "search": "grid"}},
}


class Command:
    """`words`: the command; `before`: those that make its folder ready; `again`: what goes on after a failure, given the folder."""

    def __init__(self, name, words, before=(), again=None, torch=True, old=()):
        self.name, self.words, self.before, self.torch, self.old = name, words, before, torch, old
        self.again = again or (lambda folder: words)


def resumed(words):
    """A training goes on where a run stands, or begins."""
    def again(folder):
        return ["train", "--resume", "run"] if (folder / "run/config.json").exists() else words
    return again


def swept(folder):
    """Likewise a sweep."""
    begun = (folder / "sweep/sweep.json").exists()
    return ["sweep", "--resume", "sweep"] if begun else ["sweep", "sweep.json", "--run-dir", "sweep"]


RUN = ["train", "c.json", "--run-dir", "run"]
FITS = ["train", "fits.json", "--run-dir", "run"]
OVER = ["train", "c.json", "--run-dir", "run", "--overwrite", "--set", "train.seed=9"]


def commands():
    exported = [Command(f"export {kind}", ["export", "run", "-o", f"m.{kind}"], [RUN], old=[f"m.{kind}"]) for kind in ("pt", "npz", "safetensors")]
    return [
        Command("train", FITS, again=resumed(FITS)),
        Command("overwrite", OVER, [RUN], again=lambda folder: OVER),
        Command("resume", ["train", "--resume", "run", "--set", "train.steps=50"], [RUN]),
        Command("sweep", swept(pathlib.Path("nowhere")), again=swept),
        *exported,
        Command("export triton", ["export", "run", "--format", "triton", "-o", "repo/"], [RUN]),
        Command("recommend", ["recommend", "run/model.pt", "--users", "all", "-o", "lists.csv.gz"], [RUN], torch=False, old=["lists.csv.gz"]),
        Command("predict", ["predict", "run/model.pt", "--pairs", "d.csv", "-o", "scores.csv"], [RUN], torch=False, old=["scores.csv"]),
        Command("evaluate", ["evaluate", "run", "--predictions", "p.csv"], [RUN], old=["p.csv"]),
        Command("cache", ["train", "cached.json", "--run-dir", "run"], again=resumed(["train", "cached.json", "--run-dir", "run"])),
        Command("read the cache", ["evaluate", "run"], [["train", "cached.json", "--run-dir", "run"]]),
        Command("report", ["report", "run", "-o", "r.html"], [RUN], old=["r.html"]),
        Command("split", ["split", "c.json", "-o", "parts", "--overwrite"], torch=False),
        Command("synth", ["synth", "-o", "made.csv", "--users", "50", "--items", "20", "--ratings", "150"], old=["made.csv"], torch=False),
        Command("compare", ["compare", "run", "run2"], [RUN, ["train", "c.json", "--run-dir", "run2", "--set", "train.seed=5"]], torch=False),
    ]


def make_ready(folder, command, run):
    """The data and the configs, then what `command` wants to find; an output that it replaces holds an older text."""
    (folder / "d.csv").write_text(rows(40, 20), encoding="utf-8")
    for name, config in CONFIGS.items():
        (folder / name).write_text(json.dumps(config), encoding="utf-8")
    for words in command.before:
        run(words)
    for name in command.old:
        (folder / name).write_bytes(contents.OLDER)
