"""bench.py's rows on training steps by gradient."""


def step_bound(bench, model, k):
    """-> bytes that a step of 50,000 samples cannot but touch, and the speed of a triad on all cores."""
    users, items, batch, rows = 59347, 89311, 50000, 2 if model == "latent_factor" else 3
    # Adam reads and writes the table, its gradient and two moments; the loss reads the samples' rows, its gradient
    # reads those of the other side once more and adds to two or three rows (reads and writes).
    dense = 8 * 4 * (users + items) * (k + 1)
    sparse = 4 * batch * (k + 1) * (rows + rows + 2 * rows)
    return dense + sparse, bench.other("triad")[0]["bytes_per_second"]


def against_bound(bench, model, k, ms, target):
    size, speed = step_bound(bench, model, k)
    name = "LFM" if model == "latent_factor" else "BPR"
    bench.add(f"{name} step, K={k}, against {size / 1e6:.0f} MB at {speed / 1e9:.1f} GB/s", ms, 1e3 * size / speed, "ms/step", target)


def step(bench, model, k, steps):
    """-> milliseconds of a training step."""
    f = bench.train({"model.name": model, "model.factors": k, "train.steps": steps, "eval.metrics": "rating"})
    return 1e3 * f["seconds"] / f["steps"]


def narrow(bench, model, peer, target):
    """K=5: against the notebook's loop, and against the bytes at the speed of a triad."""
    name, ms = "LFM" if model == "latent_factor" else "BPR", step(bench, model, 5, 300)
    bench.add(f"{name} step, K=5, 50,000 samples", ms, 1e3 * bench.peer(peer)[0]["seconds"] / 100, "ms/step", target)
    against_bound(bench, model, 5, ms, "1/1.6")


def lfm(bench):
    narrow(bench, "latent_factor", "notebook-lfm", 100)


def bpr(bench):
    narrow(bench, "bpr", "notebook-bpr", 110)


def wide(bench):
    """K=64, where a step is bound by memory."""
    for model in ("latent_factor", "bpr"):
        against_bound(bench, model, 64, step(bench, model, 64, 60), "1/1.5")


ROWS = {"lfm": lfm, "bpr": bpr, "wide": wide}
