#!/usr/bin/env python3
"""Peers that ../shared/peers/peers.py does not time; bench.py calls it. One JSON object a line.

    bench_peers.py DATA irspack-128 | product | surprise-crossval | triad
    bench_peers.py USERSxITEMSxFACTORS ranking
"""
import contextlib
import importlib.util
import io
import pathlib
import sys
import time

import numpy as np

PEERS = pathlib.Path(__file__).resolve().parents[1] / "../shared/peers/peers.py"


def load_peers():
    spec = importlib.util.spec_from_file_location("peers", PEERS)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def irspack_128(peers, path):
    import scipy.sparse as sp
    from irspack.recommenders.ials import IALSRecommender

    d = peers.Data(peers.read(path), seed=0)
    x = sp.csr_matrix((np.ones(len(d.tr)), (d.tr[:, 0].astype(int), d.tr[:, 1].astype(int))), shape=(len(d.uid), len(d.iid)))
    for solver in ("CG", "CHOLESKY"):
        m = IALSRecommender(x, n_components=128, alpha0=0.1, reg=0.003, nu=1.0, train_epochs=2, n_threads=2, solver_type=solver)
        start = time.time()
        with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
            m.learn()
        peers.emit(f"irspack-ials f=128 {solver.lower()}, one iteration", (time.time() - start) / 2)


def product(peers, path):
    """All scores of all users in blocks, nothing else: what any exact recommender computes."""
    import torch

    d = peers.Data(peers.read(path), seed=0)
    users, items = torch.rand(len(d.uid), 64), torch.rand(len(d.iid), 64).t().contiguous()
    block = 512
    out = torch.empty(block, len(d.iid))
    best = None
    for _ in range(2):
        start = time.time()
        for at in range(0, len(d.uid) - block, block):
            torch.mm(users[at:at + block], items, out=out)
        seconds = (time.time() - start) * len(d.uid) / (len(d.uid) // block * block)
        best = seconds if best is None else min(best, seconds)
    peers.emit("bare product f=64", best, users=len(d.uid))


def surprise_crossval(peers, path):
    from surprise import SVD, Dataset, Reader
    from surprise.model_selection import cross_validate

    start = time.time()
    data = Dataset.load_from_file(path, Reader(line_format="user item rating timestamp", sep="\t"))
    result = cross_validate(SVD(), data, cv=5)
    peers.emit("surprise-crossval", time.time() - start, rmse=float(result["test_rmse"].mean()))


def ranking(peers, size):
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


def triad(peers, _):
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


if __name__ == "__main__":
    ROWS = {"irspack-128": irspack_128, "product": product, "surprise-crossval": surprise_crossval, "ranking": ranking, "triad": triad}
    ROWS[sys.argv[2]](load_peers(), sys.argv[1])
