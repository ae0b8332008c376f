"""Writes the golden values the tests compare against, tests/golden/{models,mf,ranking}.json.

    python scripts/make_goldens.py [FOLDER]    needs torch, numpy; FOLDER: tests/golden by default

models.json holds scores, objectives, gradients and ten updates of every model in both forms, from
PyTorch's autograd in double precision; mf.json the losses of model.name = mf, sample by sample from
their formulas, and their gradients. ranking.json holds the ranking and rating metrics by brute
force, straight from their definitions. The same machine writes the same bytes every time.

Dimensions: B batch, U users, I items, K factors.
"""

import itertools
import json
import math
import pathlib
import sys

import numpy as np
import torch

HOW = "python scripts/make_goldens.py"
U, I, K, B, STEPS = 7, 9, 3, 16, 10
LAMBDA, LEARNING_RATE = 0.01, 0.1
DTYPE = torch.float64

SHAPES = {"alpha": (1,), "beta_user": (U,), "beta_item": (I,)}
SHAPES |= {"gamma_user": (U, K), "gamma_item": (I, K)}
MODELS = {
    "bias_only": ["alpha", "beta_user", "beta_item"],
    "latent_factor": ["alpha", "beta_user", "beta_item", "gamma_user", "gamma_item"],
    "bpr": ["beta_item", "gamma_user", "gamma_item"],
}
FORMS = ["pytorch", "tensorflow"]

# Rows no batch names (only the penalty moves them), and rows that first appear in batch LATE_FROM.
NEVER_USERS, NEVER_ITEMS = {2, 6}, {3, 8}
LATE_USERS, LATE_ITEMS, LATE_FROM = {4}, {5}, 4


# ---- models.json ---------------------------------------------------------------------------------


def initial_params(rng, names):
    """Parameters of size about 0.3, in steps of 1/1024 so that a float holds them exactly."""
    params = {name: np.round(rng.normal(0, 0.3, SHAPES[name]) * 1024) / 1024 for name in names}
    if "alpha" in params:
        params["alpha"][:] = 3.25  # near the mean rating, where training starts it
    return params


def make_batches(rng, model):
    batches = []
    for step in range(STEPS):
        late = step >= LATE_FROM
        users = [u for u in range(U) if u not in NEVER_USERS and (late or u not in LATE_USERS)]
        items = [i for i in range(I) if i not in NEVER_ITEMS and (late or i not in LATE_ITEMS)]
        batch = {"users": rng.choice(users, B).tolist(), "items": rng.choice(items, B).tolist()}
        if model == "bpr":
            others = lambda i: [j for j in items if j != i]
            batch["negatives"] = [int(rng.choice(others(i))) for i in batch["items"]]
        else:
            batch["ratings"] = (rng.randint(2, 11, B) / 2).tolist()  # 1 to 5 in halves
        batches.append(batch)
    return batches


def score(model, p, users, items):
    if model == "bias_only":
        return p["alpha"] + p["beta_user"][users] + p["beta_item"][items]
    dots = (p["gamma_user"][users] * p["gamma_item"][items]).sum(1)
    if model == "bpr":
        return p["beta_item"][items] + dots
    return p["alpha"] + p["beta_user"][users] + p["beta_item"][items] + dots


def objective(model, form, p, batch):
    """Data term and penalty. The tensorflow form halves the squared error, or BPR's penalty."""
    users, items = torch.tensor(batch["users"]), torch.tensor(batch["items"])
    squares = sum((table**2).sum() for name, table in p.items() if name != "alpha")
    half = 0.5 if form == "tensorflow" else 1.0
    if model == "bpr":
        negatives = torch.tensor(batch["negatives"])
        margin = score(model, p, users, items) - score(model, p, users, negatives)
        return torch.nn.functional.softplus(-margin).mean() + LAMBDA * half * squares
    error = score(model, p, users, items) - torch.tensor(batch["ratings"], dtype=DTYPE)
    return half * (error**2).mean() + LAMBDA * squares


class KerasAdam:
    """Keras's Adam: epsilon beside the root of the uncorrected v, both corrections in the rate."""

    def __init__(self, params):
        self.params, self.t = params, 0
        self.m = [np.zeros(tuple(p.shape)) for p in params]
        self.v = [np.zeros(tuple(p.shape)) for p in params]

    def step(self):
        self.t += 1
        rate = LEARNING_RATE * math.sqrt(1 - 0.999**self.t) / (1 - 0.9**self.t)
        for p, m, v in zip(self.params, self.m, self.v):
            g = p.grad.numpy()
            m[...] = 0.9 * m + 0.1 * g
            v[...] = 0.999 * v + 0.001 * g * g
            w = p.detach().numpy()  # shares memory with p
            w -= rate * m / (np.sqrt(v) + 1e-7)


def flat(tensors):
    return {name: t.detach().double().reshape(-1).tolist() for name, t in tensors.items()}


def model_case(model, form):
    # Both forms share parameters and batches.
    rng = np.random.RandomState(100 + list(MODELS).index(model))
    p = {
        name: torch.tensor(value, dtype=DTYPE, requires_grad=True)
        for name, value in initial_params(rng, MODELS[model]).items()
    }
    batches = make_batches(rng, model)
    tables = list(p.values())
    if form == "pytorch":
        optimizer = torch.optim.Adam(tables, lr=LEARNING_RATE, eps=1e-8)
    else:
        optimizer = KerasAdam(tables)

    case = {"model": model, "form": form, "users": U, "items": I, "factors": K}
    case |= {"lambda": LAMBDA, "lr": LEARNING_RATE}
    case["params"] = flat(p)
    case["batches"] = batches
    case["scores"] = score(model, p, batches[0]["users"], batches[0]["items"]).tolist()

    losses = []
    for step, batch in enumerate(batches):
        for table in tables:
            table.grad = None
        loss = objective(model, form, p, batch)
        loss.backward()
        if step == 0:
            case["objective"] = loss.item()
            case["gradients"] = flat({name: table.grad for name, table in p.items()})
        losses.append(loss.item())
        optimizer.step()
    case["losses"] = losses
    case["params_after"] = flat(p)
    return case


def models_golden():
    cases = [model_case(model, form) for model in MODELS for form in FORMS]
    return {"how": HOW, "torch": torch.__version__, "cases": cases}


# ---- mf.json -------------------------------------------------------------------------------------

MF_USERS, MF_ITEMS, MF_FACTORS, MF_BATCH = 5, 9, 3, 7
MF_LOSSES = ["mse", "bce", "bpr", "hinge", "softmax", "bsl", "sl_at_k", "ccl", "directau"]
MF_CONSTANTS = {"tau": 0.2, "tau2": 1.2, "tau_w": 0.7, "margin": 0.3, "negative_weight": 2.5, "gamma": 1.5}


def mf_sample_loss(loss, s, negatives, weights, threshold, c):
    """One positive's loss, of bsl without the positives' side; negatives and weights: those that it has."""
    if len(negatives) == 0:
        alone = {"mse": (1 - s) ** 2, "bce": torch.nn.functional.softplus(-s), "ccl": 1 - s, "softmax": -s / c["tau"]}
        return alone.get(loss, 0 * s)
    mean = lambda terms: (weights * terms).sum() / weights.sum()
    relu, softplus = torch.relu, torch.nn.functional.softplus
    if loss == "mse":
        return (1 - s) ** 2 + c["negative_weight"] * mean(negatives**2)
    if loss == "bce":
        return softplus(-s) + c["negative_weight"] * mean(softplus(negatives))
    if loss == "bpr":
        return mean(-torch.nn.functional.logsigmoid(s - negatives))
    if loss == "hinge":
        return mean(relu(c["margin"] - s + negatives))
    if loss == "ccl":
        return 1 - s + c["negative_weight"] * mean(relu(negatives - c["margin"]))
    if loss == "softmax":
        return -torch.log(torch.exp(s / c["tau"]) / (weights * torch.exp(negatives / c["tau"])).sum())
    if loss == "bsl":
        return c["tau2"] * torch.log(mean(torch.exp(negatives / c["tau"])))
    weight = torch.sigmoid((s - threshold) / c["tau_w"])
    return weight * torch.log((weights * torch.exp((negatives - s) / c["tau"])).sum())


def mf_objective(loss, p, batch, cosine, c):
    unit = lambda rows: torch.nn.functional.normalize(rows, dim=-1) if cosine else rows
    users, items = torch.tensor(batch["users"]), torch.tensor(batch["items"])
    u = p["gamma_user"][users] * torch.tensor(batch["user_scale"], dtype=DTYPE)
    if loss == "directau":
        x, y = torch.nn.functional.normalize(u, dim=-1), torch.nn.functional.normalize(p["gamma_item"][items], dim=-1)
        uniformity = lambda rows: torch.pdist(rows).pow(2).mul(-2).exp().mean().log()
        return ((x - y) ** 2).sum(1).mean() + c["gamma"] * (uniformity(x) + uniformity(y)) / 2
    u = unit(u)
    bias = lambda ids: p["beta_item"][ids] if "beta_item" in p else 0
    positive = (u * unit(p["gamma_item"][items])).sum(1) + bias(items)
    shared, total = not isinstance(batch["negatives"][0], list), 0
    for n in range(MF_BATCH):
        ids = torch.tensor(batch["negatives"] if shared else batch["negatives"][n])
        logs = torch.tensor(batch["log_weights"] if shared else batch["log_weights"][n], dtype=DTYPE)
        has = torch.tensor([n * len(ids) + j not in batch["excluded"] for j in range(len(ids))])
        scores = (unit(p["gamma_item"][ids]) @ u[n] + bias(ids))[has]
        total = total + mf_sample_loss(loss, positive[n], scores, logs.exp()[has], p["thresholds"][users[n]].detach(), c)
        if loss == "bsl":  # the mean over the samples of the same user
            total = total - torch.log(torch.exp(positive[users == users[n]] / c["tau"]).mean())
    return total / MF_BATCH


def mf_case(loss, score, shared, biased):
    rng = np.random.RandomState(500 + 10 * MF_LOSSES.index(loss) + 2 * shared + biased)
    tensor = lambda *shape: torch.tensor(rng.normal(0, 0.6, shape).astype(np.float32), dtype=DTYPE, requires_grad=True)
    p = {"gamma_user": tensor(MF_USERS, MF_FACTORS), "gamma_item": tensor(MF_ITEMS, MF_FACTORS)}
    if biased:
        p["beta_item"] = tensor(MF_ITEMS)
    tables = list(p.values())
    p["thresholds"] = tensor(MF_USERS)
    shape = (6,) if shared else (MF_BATCH, 4)
    batch = {"users": rng.randint(MF_USERS, size=MF_BATCH).tolist(), "items": rng.randint(MF_ITEMS, size=MF_BATCH).tolist()}
    batch["negatives"] = rng.randint(MF_ITEMS, size=shape).tolist()
    batch["log_weights"] = rng.normal(0, 0.5, shape).astype(np.float32).tolist()
    # The last sample does without any of them.
    batch["excluded"] = [1, 4, 8, 20, *range(36, 42)] if shared else []
    scale = (rng.randint(4, size=(MF_BATCH, MF_FACTORS)) > 0).astype(float)
    scale[:, 0] = 1  # no row of zeros
    batch["user_scale"] = scale.tolist()
    loss_value = mf_objective(loss, p, batch, score == "cosine", MF_CONSTANTS)
    loss_value.backward()
    gradients = {name: table.grad if table.grad is not None else torch.zeros_like(table) for name, table in p.items() if name != "thresholds"}
    case = {"loss": loss, "score": score, "shared": shared, "bias": biased, **MF_CONSTANTS}
    case |= {"users": MF_USERS, "items": MF_ITEMS, "factors": MF_FACTORS, "batch": batch, "params": flat(p)}
    return case | {"objective": loss_value.item(), "gradients": flat(gradients)}


def mf_golden():
    cases = []
    for loss in MF_LOSSES:
        cases.append(mf_case(loss, "cosine", True, False))
        if loss != "directau":
            cases += [mf_case(loss, "cosine", False, False), mf_case(loss, "dot", True, True), mf_case(loss, "dot", False, True)]
    return {"how": HOW, "torch": torch.__version__, "cases": cases}


# ---- ranking.json --------------------------------------------------------------------------------

RANK_USERS, RANK_ITEMS, CUTOFFS = 8, 15, [1, 3, 5, 10]
MASKS = {"train": ["train"], "train_valid": ["train", "valid"]}
PART_SIZES = [  # train, valid, test
    (3, 1, 2),
    (4, 2, 0),  # no test items: left out of every average
    (2, 1, 6),
    (5, 1, 1),
    (6, 3, 2),  # at most 9 candidates, fewer than the largest cut-off
    (0, 2, 3),  # nothing in train
    (3, 0, 2),  # nothing in valid
    (4, 1, 3),
]


def ranking_data():
    rng = np.random.RandomState(7)
    parts = {"train": [], "valid": [], "test": []}
    # Popular items first, so that the popularity baseline has something to find.
    weights = 1 / np.arange(2.0, RANK_ITEMS + 2)
    for user, sizes in enumerate(PART_SIZES):
        drawn = rng.choice(RANK_ITEMS, sum(sizes), replace=False, p=weights / weights.sum())
        items = drawn.tolist()
        for part, size in zip(parts, sizes):
            parts[part] += [[user, item] for item in sorted(items[:size])]
            items = items[size:]
    scores = rng.randint(-24, 25, (RANK_USERS, RANK_ITEMS)) / 8  # in eighths: exact as floats
    owned = owned_items(parts)
    for user in range(RANK_USERS):  # tie test items with candidates below and above them in index
        free = unseen_items(owned, user)
        for n, item in enumerate(sorted(owned["test"][user])[:2]):
            others = [i for i in free if (i < item) == ((user + n) % 2 == 0)]
            if others:
                tie = 3.0 if user % 3 == 0 else 1.5
                scores[user, item] = scores[user, others[n % len(others)]] = tie
    return parts, scores


def owned_items(parts):
    """Per part, per user, the set of its items."""
    owned = {part: [set() for _ in range(RANK_USERS)] for part in parts}
    for part, pairs in parts.items():
        for user, item in pairs:
            owned[part][user].add(item)
    return owned


def unseen_items(owned, user):
    """The items in none of the user's parts."""
    return sorted(set(range(RANK_ITEMS)) - set().union(*(owned[part][user] for part in owned)))


def metrics_of(hit_ranks, held_out, k):
    """One user's metrics at k, whose held-out items stand at `hit_ranks` of all candidates."""
    hit_ranks = [rank for rank in hit_ranks if rank <= k]
    most = min(k, held_out)
    ideal = sum(1 / math.log2(rank + 1) for rank in range(1, most + 1))
    return {
        "recall": len(hit_ranks) / held_out,
        "ndcg": sum(1 / math.log2(rank + 1) for rank in hit_ranks) / ideal,
        "hit": float(bool(hit_ranks)),
        "precision": len(hit_ranks) / k,
        "map": sum(n / rank for n, rank in enumerate(hit_ranks, 1)) / most,
        "mrr": 1 / hit_ranks[0] if hit_ranks else 0.0,
    }


def user_metrics(scores, candidates, test, k):
    """Their mean over every way in which held-out items can stand among their equals."""
    groups, before = [], 0
    for score in sorted({scores[i] for i in candidates}, reverse=True):
        equals = [i for i in candidates if scores[i] == score]
        places = range(before + 1, before + len(equals) + 1)
        groups.append(list(itertools.combinations(places, sum(i in test for i in equals))))
        before += len(equals)
    orders = [metrics_of(sum(order, ()), len(test), k) for order in itertools.product(*groups)]
    return {name: sum(order[name] for order in orders) / len(orders) for name in orders[0]}


def user_auc(scores, test, others):
    """Mean over the test items of the share of `others` scored below, ties counting half."""
    wins = lambda s: sum((scores[o] < s) + 0.5 * (scores[o] == s) for o in others)
    return sum(wins(scores[item]) / len(others) for item in sorted(test)) / len(test)


def ranking_expected(parts, scores):
    """{mask: {"recall@1": ..., ..., "auc": ...}, ...}, means over the users with a test item."""
    owned = owned_items(parts)
    users = [u for u in range(RANK_USERS) if owned["test"][u]]
    expected = {}
    for mask, masked_parts in MASKS.items():
        sums = {}
        for u in users:
            masked = set().union(*(owned[part][u] for part in masked_parts))
            candidates = [i for i in range(RANK_ITEMS) if i not in masked]
            for k in CUTOFFS:
                for name, value in user_metrics(scores[u], candidates, owned["test"][u], k).items():
                    key = f"{name}@{k}"
                    sums[key] = sums.get(key, 0.0) + value
        metrics = dict.fromkeys(key.split("@")[0] for key in sums)
        keys = [f"{name}@{k}" for name in metrics for k in CUTOFFS]
        expected[mask] = {key: sums[key] / len(users) for key in keys}
        negatives = lambda u: sorted(
            set(range(RANK_ITEMS)) - owned["test"][u] - set().union(*(owned[part][u] for part in masked_parts)))
        aucs = [user_auc(scores[u], owned["test"][u], negatives(u)) for u in users]
        expected[mask]["auc"] = sum(aucs) / len(aucs)
    return expected


def rating_golden():
    exact = lambda values: [float(np.float32(v)) for v in values]
    predictions = exact(
        [-1.7, -1.5, -0.75, -0.5, -0.3, 0.0, 0.3, 0.5, 0.9, 1.5]
        + [2.2, 2.5, 2.6, 3.5, 3.75, 4.1, 4.5, 4.9, 5.5, 6.2]
    )
    ratings = (
        [1.0, 0.5, 0.0, 1.0, 0.0, 0.0, 2.0, 1.0, 1.0, 2.0]
        + [2.0, 2.5, 3.0, 4.0, 3.0, 4.5, 5.0, 5.0, 5.0, 4.0]
    )
    train_mean = 2.6875
    mean = lambda f, ps: sum(f(p - r) for p, r in zip(ps, ratings)) / len(ratings)
    mse = mean(lambda e: e * e, predictions)
    return {
        "predictions": predictions,
        "ratings": ratings,
        "train_mean": train_mean,
        "expected": {
            "mse": mse,
            "rmse": math.sqrt(mse),
            "mae": mean(abs, predictions),
            # int() cuts toward zero
            "rounded_mse": mean(lambda e: e * e, [int(p + 0.5) for p in predictions]),
            "baseline_mse": mean(lambda e: e * e, [train_mean] * len(ratings)),
        },
    }


def ranking_golden():
    parts, scores = ranking_data()
    counts = [float(sum(item == i for _, item in parts["train"])) for i in range(RANK_ITEMS)]
    popularity = ranking_expected(parts, [counts] * RANK_USERS)
    return {
        "how": HOW,
        "users": RANK_USERS,
        "items": RANK_ITEMS,
        **parts,
        "scores": scores.tolist(),
        "k": CUTOFFS,
        "expected": ranking_expected(parts, scores.tolist()),
        "popularity": {"scores": counts, "expected": popularity},
        "rating": rating_golden(),
    }


# ---- writing -------------------------------------------------------------------------------------


def pretty(value, indent=0):
    """JSON with short or flat values on one line, all else one entry a line: readable diffs."""
    line = json.dumps(value, allow_nan=False)
    if isinstance(value, list):
        split = any(isinstance(v, (list, dict)) and len(json.dumps(v)) > 40 for v in value)
    else:
        split = isinstance(value, dict) and len(line) > 100
    if not split:
        return line
    pad = " " * (indent + 1)
    if isinstance(value, list):
        return "[\n" + ",\n".join(pad + pretty(v, indent + 1) for v in value) + "\n" + pad[1:] + "]"
    rows = (f"{pad}{json.dumps(key)}: {pretty(v, indent + 1)}" for key, v in value.items())
    return "{\n" + ",\n".join(rows) + "\n" + pad[1:] + "}"


def main():
    torch.set_num_threads(1)
    default = pathlib.Path(__file__).resolve().parent.parent / "tests" / "golden"
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default
    folder.mkdir(parents=True, exist_ok=True)
    goldens = {"models.json": models_golden(), "mf.json": mf_golden(), "ranking.json": ranking_golden()}
    for name, golden in goldens.items():
        (folder / name).write_text(pretty(golden) + "\n", encoding="utf-8")
        print(f"wrote {folder / name}")


if __name__ == "__main__":
    main()
