#!/usr/bin/env python3
"""Peers that peers.py does not time; bench.py calls it. One JSON object a line.

    bench_peers.py DATA irspack-128 | product | surprise-crossval | triad
    bench_peers.py USERSxITEMSxFACTORS ranking
"""
import sys
import time

import numpy as np

import peers


def irspack_128(path):
    peers.irspack(peers.Data(path), factors=128, epochs=2)


def product(path):
    """All scores of all users in blocks, nothing else: what any exact recommender computes."""
    import torch

    split = peers.Data(path).split
    users, items = torch.rand(len(split.users), 64), torch.rand(len(split.items), 64).t().contiguous()
    block = 512
    out = torch.empty(block, len(split.items))
    best = None
    for _ in range(2):
        start = time.time()
        for at in range(0, len(users) - block, block):
            torch.mm(users[at:at + block], items, out=out)
        seconds = (time.time() - start) * len(users) / (len(users) // block * block)
        best = seconds if best is None else min(best, seconds)
    peers.emit("bare product f=64", best, users=len(users))


def surprise_crossval(path):
    from surprise import SVD, Dataset, Reader
    from surprise.model_selection import cross_validate

    start = time.time()
    data = Dataset.load_from_file(path, Reader(line_format="user item rating timestamp", sep="\t"))
    result = cross_validate(SVD(), data, cv=5)
    peers.emit("surprise-crossval", time.time() - start, rmse=float(result["test_rmse"].mean()))


def ranking(size):
    """AUC and the rankings' hits at 100 with seen items masked, over random factors: in NumPy, and nothing but the product."""
    import torch

    users, items, k = map(int, size.split("x"))
    random = np.random.default_rng(1)
    some = min(users, 2048)  # timed; the rest takes as long for each
    p, q = random.normal(size=(some, k)).astype(np.float32), random.normal(size=(items, k)).astype(np.float32)
    seen, test = random.integers(items, size=(some, 10)), random.integers(items, size=(some, 5))
    discount = 1 / np.log2(np.arange(100) + 2)
    start = time.time()
    for at in range(0, some, 256):
        block = slice(at, at + 256)
        scores = p[block] @ q.T
        own = np.take_along_axis(scores, test[block], 1)
        auc = np.mean([(scores < own[:, [n]]).mean(1) for n in range(5)])
        np.put_along_axis(scores, seen[block], -np.inf, 1)
        best = np.argpartition(-scores, 100, axis=1)[:, :100]
        order = np.argsort(-np.take_along_axis(scores, best, 1), axis=1)
        best = np.take_along_axis(best, order, 1)
        hits = (best[:, :, None] == test[block][:, None, :]).any(2)
        figures = [auc] + [(hits[:, :c].sum(1) / 5, (hits[:, :c] * discount[:c]).sum(1), hits[:, :c].any(1)) for c in (1, 5, 10, 20, 100)]
    numpy = (time.time() - start) * users / some
    del figures
    tp, tq, out = torch.rand(min(users, 16384), k), torch.rand(items, k).t().contiguous(), torch.empty(512, items)
    best = float("inf")
    for _ in range(3):
        start = time.time()
        for at in range(0, len(tp) - 511, 512):
            torch.mm(tp[at:at + 512], tq, out=out)
        best = min(best, (time.time() - start) * users / (len(tp) // 512 * 512))
    peers.emit("ranking numpy", numpy)
    peers.emit("ranking product", best)


def triad(_):
    """Memory: GB/s of a <- b + s c over arrays far larger than the caches, two threads."""
    import torch

    n = 1 << 25
    a, b, c = torch.empty(n), torch.rand(n), torch.rand(n)
    best = float("inf")
    for _ in range(7):
        start = time.time()
        torch.add(b, c, alpha=2.0, out=a)
        best = min(best, time.time() - start)
    peers.emit("triad", best, bytes_per_second=3 * 4 * n / best)


def negatives(shape):
    """The three products of a batch of B samples against N shared negatives, BxNxK: scores, and their gradients' two."""
    import torch

    size, count, k = map(int, shape.split("x"))
    users, items = torch.randn(size, k), torch.randn(count, k)
    best = float("inf")
    for _ in range(60):
        start = time.time()
        scores = users @ items.t()
        by_user, by_item = scores @ items, scores.t() @ users
        best = min(best, time.time() - start)
    assert by_user.shape == users.shape and by_item.shape == items.shape
    peers.emit("negatives", best)


if __name__ == "__main__":
    ROWS = {"negatives": negatives, "irspack-128": irspack_128, "product": product, "surprise-crossval": surprise_crossval, "ranking": ranking, "triad": triad}
    ROWS[sys.argv[2]](sys.argv[1])
