"""The notebook's hand-written models in Python, as the notebook has them: what the configs of configs/notebook are compared with.

A step samples 50,000 rows with replacement, one by one, and moves whole tables by Adam with a rate of 0.1; a negative is
drawn again while the user has it in training. Two forms of the objective, with lambda = 1e-5:

    torch   mean square, or mean softplus, + lambda sum w^2; PyTorch's Adam
    tf      half the mean square + lambda sum w^2, or mean softplus + lambda sum w^2 / 2; Keras's Adam
"""
import csv
import gzip
import json
import random
import time
from collections import defaultdict

import numpy as np
import torch

BATCH, RATE, LAMBDA, INITIAL_STD = 50000, 0.1, 1e-5, 0.001


def read(path):
    """[(user, item, rating)] of JSON lines (user_id, book_id, rating), or of delimited text in that order, header or not."""
    path = str(path)
    with (gzip.open if path.endswith(".gz") else open)(path, "rt") as text:
        if ".json" in path:
            return [(row["user_id"], row["book_id"], row["rating"]) for row in map(json.loads, text)]
        lines = text.readlines()
    rows = list(csv.reader(lines, delimiter="\t" if "\t" in lines[0] else ","))
    header = not rows[0][2].replace(".", "").isdigit()
    return [(row[0], row[1], float(row[2])) for row in rows[header:]]


class Split:
    """A random tenth of the rows held out, and ids as indices: train, test are rows; train_array, test_array [rows, 3]."""

    def __init__(self, rows, seed, held_out=0.1):
        rows = list(rows)
        random.Random(seed).shuffle(rows)
        self.users, self.items = {}, {}
        for user, item, _ in rows:
            self.users.setdefault(user, len(self.users))
            self.items.setdefault(item, len(self.items))
        cut = int(len(rows) * (1 - held_out))
        self.train, self.test = rows[:cut], rows[cut:]
        self.train_array, self.test_array = self.array(self.train), self.array(self.test)
        self.mean = float(self.train_array[:, 2].mean())

    def array(self, rows):
        return np.array([(self.users[user], self.items[item], rating) for user, item, rating in rows])


class KerasAdam:
    """Keras's Adam: its epsilon stands beside the root of v before v's bias is corrected. `steps` may have been done before."""

    def __init__(self, tables, steps=0):
        self.tables, self.steps = tables, steps
        self.m = [torch.zeros_like(table) for table in tables]
        self.v = [torch.zeros_like(table) for table in tables]

    def zero_grad(self):
        for table in self.tables:
            table.grad = None

    @torch.no_grad()
    def step(self):
        self.steps += 1
        rate = RATE * (1 - 0.999**self.steps) ** 0.5 / (1 - 0.9**self.steps)
        for table, m, v in zip(self.tables, self.m, self.v):
            m.mul_(0.9).add_(table.grad, alpha=0.1)
            v.mul_(0.999).addcmul_(table.grad, table.grad, value=0.001)
            table.sub_(rate * m / (v.sqrt() + 1e-7))


class Model:
    """alpha + beta_u + beta_i + gamma_u . gamma_i ("lfm"), that without factors ("bias"), or beta_i + gamma_u . gamma_i ("bpr")."""

    def __init__(self, split, factors, kind, form="torch", earlier_steps=0):
        users, items = len(split.users), len(split.items)
        self.kind, self.form = kind, form
        self.alpha = torch.nn.Parameter(torch.tensor(split.mean))
        shapes = {"beta_user": (users,), "beta_item": (items,), "gamma_user": (users, factors), "gamma_item": (items, factors)}
        tables = {name: torch.nn.Parameter(torch.randn(*shape) * INITIAL_STD) for name, shape in shapes.items()}
        self.beta_user, self.beta_item, self.gamma_user, self.gamma_item = tables.values()
        unused = {"lfm": [], "bias": ["gamma_user", "gamma_item"], "bpr": ["beta_user"]}[kind]
        self.penalised = [table for name, table in tables.items() if name not in unused]
        trained = self.penalised + ([] if kind == "bpr" else [self.alpha])
        self.optimizer = torch.optim.Adam(trained, lr=RATE) if form == "torch" else KerasAdam(trained, earlier_steps)

    def score(self, u, i):
        factors = 0 if self.kind == "bias" else (self.gamma_user[u] * self.gamma_item[i]).sum(1)
        biases = self.beta_item[i] if self.kind == "bpr" else self.alpha + self.beta_user[u] + self.beta_item[i]
        return biases + factors

    def step(self, loss):
        """Takes a step; the objective before it. `loss`: a batch's mean square, or mean softplus."""
        self.optimizer.zero_grad()
        weight, penalty = 1.0, LAMBDA
        if self.form == "tf" and self.kind == "bpr":
            penalty /= 2
        elif self.form == "tf":
            weight = 0.5
        objective = weight * loss + penalty * sum((table**2).sum() for table in self.penalised)
        objective.backward()
        self.optimizer.step()
        return float(objective.detach())


def run(steps, one):
    """The figures of so many steps: seconds, and the objectives that the notebook prints."""
    start = time.time()
    values = [one() for _ in range(steps)]
    printed = {f"objective_{n}": round(values[n - 1], 4) for n in range(10, steps + 1, 10)}
    return {"seconds": time.time() - start, "first_loss": values[0], "last_loss": values[-1]} | printed


def train_ratings(split, factors, steps, kind, seed, form="torch", earlier_steps=0):
    """The figures of a rating model ("lfm" or "bias"): run()'s, and test errors beside those of always the mean."""
    torch.manual_seed(seed)
    rng = random.Random(seed)
    model = Model(split, factors, kind, form, earlier_steps)

    def one():
        batch = [rng.choice(split.train) for _ in range(BATCH)]
        u = torch.tensor([split.users[user] for user, _, _ in batch])
        i = torch.tensor([split.items[item] for _, item, _ in batch])
        ratings = torch.tensor([rating for _, _, rating in batch], dtype=torch.float)
        return model.step(torch.nn.functional.mse_loss(model.score(u, i), ratings))

    figures = run(steps, one)
    u, i, truth = split.test_array.T
    with torch.no_grad():
        predicted = model.score(torch.tensor(u).long(), torch.tensor(i).long()).numpy()
    errors = {"baseline_mse": split.mean, "mse": predicted, "rounded_mse": np.trunc(predicted + 0.5)}
    return figures | {name: float(((told - truth) ** 2).mean()) for name, told in errors.items()}


def items_of_users(rows):
    out = defaultdict(set)
    for user, item, _ in rows:
        out[user].add(item)
    return out


def train_bpr(split, factors, steps, seed, form="torch", rows="train"):
    """The figures of the ranking model: run()'s, and the sampled AUC. rows "all": positives of train and test."""
    torch.manual_seed(seed)
    rng = random.Random(seed)
    items, known = list(split.items), items_of_users(split.train)
    positives = split.train if rows == "train" else split.train + split.test
    model = Model(split, factors, "bpr", form)

    def one():
        u, i, j = [], [], []
        for _ in range(BATCH):
            user, positive, _ = rng.choice(positives)
            negative = rng.choice(items)
            while negative in known[user]:
                negative = rng.choice(items)
            u.append(split.users[user])
            i.append(split.items[positive])
            j.append(split.items[negative])
        u, i, j = torch.tensor(u), torch.tensor(i), torch.tensor(j)
        return model.step(-torch.nn.functional.logsigmoid(model.score(u, i) - model.score(u, j)).mean())

    return run(steps, one) | {"auc": sampled_auc(model, split, rng)}


@torch.no_grad()
def sampled_auc(model, split, rng, most=10):
    """The mean over users of pairs in order: up to `most` test items, each against another one of the test part's items."""
    in_test = {item for _, item, _ in split.test}
    shares = []
    for user, own in items_of_users(split.test).items():
        count = min(len(own), most)
        u = torch.full((count,), split.users[user])
        better, worse = (model.score(u, torch.tensor([split.items[item] for item in rng.sample(sorted(pool), count)]))
                         for pool in (own, in_test - own))
        shares.append(float((better > worse).double().mean()))
    return float(np.mean(shares))
