#!/usr/bin/env python3
"""Peers that ../shared/peers/peers.py does not time; bench.py calls it. One JSON object a line.

    bench_peers.py DATA irspack-128 | product | surprise-crossval
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


if __name__ == "__main__":
    {"irspack-128": irspack_128, "product": product, "surprise-crossval": surprise_crossval}[sys.argv[2]](load_peers(), sys.argv[1])
