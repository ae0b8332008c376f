"""Draws configs of small trainings at random from the table of knobs, as `latent config schema` prints it."""

import json

# What a drawn value could not be, or would make a training long or of no use here.
FIXED = ("data.", "split.", "model.name", "model.init_path", "model.init_from", "train.device", "train.threads", "train.steps", "train.epochs",
         "train.patience", "train.refit", "train.monitor", "train.seed", "checkpoint.", "log.", "eval.k", "export.auto")
SMALL = {"model.factors": [1, 2, 3, 5, 8, 9, 16], "train.batch_size": [7, 50, 101, 400], "train.negatives": [1, 3, 8, 20], "mf.at_k": [1, 3],
         "bayes.burn_in": [0, 2, 5], "bayes.samples": [5, 12, 30], "bayes.thin": [1, 2, 5], "train.eval_every": [0, 1, 7], "eval.candidates": [0, 5],
         "eval.relevant_at_least": [None, 3], "train.lr": [0.001, 0.01, 0.05], "item_knn.k": [3, 10]}


def kinds(knob):
    return [each for each in knob.get("anyOf", [knob]) if "$ref" not in each]


def value_of(name, knob, rng):
    """One that the knob's row allows."""
    if name in SMALL:
        return rng.choice(SMALL[name])
    kind = rng.choice(kinds(knob))
    if "enum" in kind:
        return rng.choice(kind["enum"])
    if kind.get("type") == "boolean":
        return rng.choice([False, True])
    default = knob.get("default")
    number = default if isinstance(default, (int, float)) and not isinstance(default, bool) else 0.05
    if kind.get("type") == "integer":
        return max(kind.get("minimum", 0), round(number * rng.choice([0.5, 1, 2])))
    if kind.get("type") == "number":
        value = number * rng.choice([0.5, 1, 1.5]) if number else rng.choice([0, 0.01, 0.1])
        return min(max(value, kind.get("minimum", value)), 0.9 if "exclusiveMaximum" in kind else value)
    return default


def knobs_of(schema):
    return {name: knob for name, knob in schema["$defs"].items() if "." in name and not name.startswith(FIXED)}


def models_of(schema):
    return kinds(schema["$defs"]["model.name"])[0]["enum"]


class Draw:
    """`check`: the complaints of latent about a config, given as {knob: value}."""

    def __init__(self, schema, check):
        self.knobs, self.models, self.check = knobs_of(schema), models_of(schema), check

    def flat(self, rng, model, data):
        """{knob: value} of a training of `model`; knobs that do not go together are left out."""
        drawn = {name: value_of(name, knob, rng) for name, knob in self.knobs.items() if rng.random() < 0.25}
        base = {"data.path": data, "data.cache_dir": "none", "split.test": 0.1, "split.valid": 0.2, "model.name": model,
                "train.seed": rng.randrange(1000), "train.threads": 1}
        if rng.random() < 0.6:
            base["train.steps" if rng.random() < 0.5 else "train.epochs"] = rng.choice([20, 60, 120])
        if rng.random() < 0.5:
            drawn["train.patience"] = rng.choice([2, 5, 30])
            drawn["train.refit"] = rng.choice([False, True])
        drawn["checkpoint.every"] = rng.choice([1, 3, 10])
        drawn["log.tensorboard"] = rng.choice([False, True])
        for _ in range(40):
            wrong = self.check({**base, **drawn})
            if not wrong:
                return {**base, **drawn}
            named = [name for name in drawn if any(f"'{name}'" in line or name in line for line in wrong)]
            if not named and not drawn:
                base = {name: value for name, value in base.items() if not name.startswith(("train.steps", "train.epochs", "split.valid"))}
            for name in named or list(drawn)[:1]:
                drawn.pop(name)
        raise ValueError(f"no config of {model} passes: {wrong}")


def nested(flat):
    """As a config file has it."""
    out = {}
    for name, value in flat.items():
        at = out
        *folders, last = name.split(".")
        for folder in folders:
            at = at.setdefault(folder, {})
        at[last] = value
    return out


def text(flat):
    return json.dumps(nested(flat), indent=1)
