#!/usr/bin/env python3
"""Times what a user would run instead, on the same data and machine; bench.py calls it. One JSON object a line.

    python -m venv peers && peers/bin/pip install -r scripts/peers-requirements.txt
    OPENBLAS_NUM_THREADS=1 peers/bin/python scripts/peers.py DATA [ROW ...]        # of those below; default: all
    peers/bin/python scripts/peers.py ranking TRAIN VALID TEST                     # lists: EASE and iALS, two maskings

DATA: .json(.gz) with user_id, book_id, rating; or user, item, rating as csv or between tabs. The notebook-* rows are
notebook_python.py; SEEDS in the environment says over how many seeds the exercises run. A library that is not installed
ends the rows that need it.
"""
import contextlib
import gzip
import io
import json
import os
import sys
import time

import numpy as np
import scipy.sparse as sp

from notebook_python import Split, read, train_bpr, train_ratings

THREADS = 2
BPR_RUNS = ((5, 100), (63, 20))  # factors, epochs


def emit(row, seconds, **figures):
    print(json.dumps({"row": row, "seconds": round(seconds, 4), **figures}), flush=True)


class Timer:
    """with Timer() as t: ...; t.seconds; what is printed meanwhile is in t.told."""

    def __enter__(self):
        self.text = io.StringIO()
        self.silence = contextlib.ExitStack()
        self.silence.enter_context(contextlib.redirect_stdout(self.text))
        self.silence.enter_context(contextlib.redirect_stderr(self.text))
        self.start = time.time()
        return self

    def __exit__(self, *error):
        self.seconds = time.time() - self.start
        self.silence.close()
        self.told = self.text.getvalue()


class Data:
    """The rows of a file, and its split of seed 0, made when first asked for."""

    def __init__(self, path):
        start = time.time()
        self.rows = read(path)
        self.seconds = time.time() - start
        self._split = None

    @property
    def split(self):
        self._split = self._split or Split(self.rows, seed=0)
        return self._split

    def matrix(self, kind="f4"):
        """The training pairs as ones, users x items."""
        split = self.split
        pairs = split.train_array[:, :2].astype(int).T
        return sp.csr_matrix((np.ones(pairs.shape[1], kind), tuple(pairs)), shape=(len(split.users), len(split.items)))

    def rate(self, epochs, seconds):
        return int(len(self.split.train) * epochs / seconds)


def reading(data):
    emit("read", data.seconds, interactions=len(data.rows))


def emit_figures(row, figures):
    emit(row, figures.pop("seconds"), **figures)


def notebook_lfm(data):
    emit_figures("notebook-lfm K=5 100x50k", train_ratings(data.split, 5, 100, "lfm", seed=0))


def notebook_bpr(data):
    emit_figures("notebook-bpr K=5 100x50k", train_bpr(data.split, 5, 100, seed=0))


def notebook_tf(data):
    emit_figures("notebook-lfm-tf K=5 100x50k", train_ratings(data.split, 5, 100, "lfm", seed=0, form="tf"))
    emit_figures("notebook-bpr-tf K=5 100x50k, all rows", train_bpr(data.split, 5, 100, seed=0, form="tf", rows="all"))


def emit_exercise(row, runs):
    """Mean and sd over the runs."""
    figures = {name: [round(float(of([run[name] for run in runs])), 4) for of in (np.mean, np.std)] for name in runs[0] if name != "seconds"}
    emit(row, float(np.mean([run["seconds"] for run in runs])), **figures)


def notebook_exercises(data, form="torch"):
    splits = [Split(data.rows, seed) for seed in range(int(os.environ.get("SEEDS", 3)))]
    for name, factors, kind in (("5.1 bias-only", 1, "bias"), ("5.2/5.3 lfm K=10", 10, "lfm")):
        runs = [train_ratings(split, factors, 50, kind, seed, form) for seed, split in enumerate(splits)]
        for run in runs:
            run["mse_over_baseline"] = run["mse"] / run["baseline_mse"]
        emit_exercise(f"exercise {name} {form}", runs)
    emit_exercise(f"exercise 5.4 bpr K=10 {form}", [train_bpr(split, 10, 50, seed, form) for seed, split in enumerate(splits)])


def implicit_bpr(data):
    """The model of the last of BPR_RUNS is returned."""
    from implicit.bpr import BayesianPersonalizedRanking

    for factors, epochs in BPR_RUNS:
        model, pairs = BayesianPersonalizedRanking(factors=factors, iterations=epochs, use_gpu=False), data.matrix()
        with Timer() as timer:
            model.fit(pairs)
        last = timer.told.split("it/s, ")[-1].strip(" ]\n")  # of its progress line: train_auc=..%, skipped=..%
        emit(f"implicit-bpr f={factors} it={epochs}", timer.seconds, samples_per_second=data.rate(epochs, timer.seconds), last=last)
    return model


def implicit_recommend(data):
    model, users = implicit_bpr(data), min(5000, len(data.split.users))
    pairs = data.matrix()[:users]
    with Timer() as timer:
        model.recommend(np.arange(users), pairs, N=10)
    emit(f"implicit-recommend f=63 users={users}", timer.seconds)


def implicit_als(data):
    from implicit.als import AlternatingLeastSquares

    for solver in ("cg", "cholesky"):
        model, pairs = AlternatingLeastSquares(factors=64, iterations=3, use_cg=solver == "cg", use_gpu=False), data.matrix()
        with Timer() as timer:
            model.fit(pairs, show_progress=False)
        emit(f"implicit-als f=64 {solver}, one iteration", timer.seconds / 3)


def irspack(data, factors=64, epochs=3):
    from irspack.recommenders.ials import IALSRecommender

    for solver in ("CG", "CHOLESKY"):
        model = IALSRecommender(data.matrix("f8"), n_components=factors, alpha0=0.1, reg=0.003, nu=1.0, train_epochs=epochs,
                                n_threads=THREADS, solver_type=solver)
        with Timer() as timer:
            model.learn()
        emit(f"irspack-ials f={factors} {solver.lower()}, one iteration", timer.seconds / epochs)


def cornac(data):
    import cornac as library

    rows = library.data.Dataset.from_uir([(int(u), int(i), float(r)) for u, i, r in data.split.train_array])
    for factors, epochs in BPR_RUNS:
        model = library.models.BPR(k=factors, max_iter=epochs, learning_rate=0.01, lambda_reg=0.01, num_threads=THREADS, verbose=False)
        with Timer() as timer:
            model.fit(rows)
        emit(f"cornac-bpr f={factors} it={epochs}", timer.seconds, samples_per_second=data.rate(epochs, timer.seconds))
    model = library.models.MF(k=100, max_iter=20, learning_rate=0.005, lambda_reg=0.02, num_threads=THREADS, verbose=False)
    with Timer() as timer:
        model.fit(rows)
    emit("cornac-mf f=100 20 epochs, lock-free", timer.seconds, updates_per_second=data.rate(20, timer.seconds))


def libmf(data):
    with Timer():  # it greets
        from libmf import mf

    for name, settings, epochs in (("mf f=100", {"fun": 0, "k": 100, "lambda_p2": 0.02, "lambda_q2": 0.02}, 40),
                                   ("bpr f=8", {"fun": 10, "k": 8}, 60), ("bpr f=64", {"fun": 10, "k": 64}, 40)):
        rows = data.split.train_array.astype("f4")
        if settings["fun"] == 10:
            rows[:, 2] = 1
        seconds = []
        for count in (epochs // 4, epochs):  # the difference leaves out its preparations
            model = mf.MF(nr_threads=THREADS, nr_iters=count, eta=0.05, quiet=True, **settings)
            with Timer() as timer:
                model.fit(rows.copy())
            seconds.append(timer.seconds)
        timed, between = epochs - epochs // 4, seconds[1] - seconds[0]
        emit(f"libmf-{name} {timed} epochs", between, updates_per_second=data.rate(timed, between))


def surprise_svd(data):
    import pandas
    from surprise import SVD, Dataset, Reader, accuracy

    ratings = [rating for _, _, rating in data.rows]
    frame = pandas.DataFrame(data.split.train, columns=["user", "item", "rating"])
    train = Dataset.load_from_df(frame, Reader(rating_scale=(min(ratings), max(ratings)))).build_full_trainset()
    model = SVD(random_state=0)
    with Timer() as timer:
        model.fit(train)
    told = model.test(data.split.test)
    emit("surprise-svd f=100 20 epochs", timer.seconds, updates_per_second=data.rate(20, timer.seconds),
         rmse=accuracy.rmse(told, verbose=False), mae=accuracy.mae(told, verbose=False))


ROWS = {
    "read": reading, "notebook-lfm": notebook_lfm, "notebook-bpr": notebook_bpr, "notebook-tf": notebook_tf,
    "notebook-exercises": notebook_exercises, "notebook-exercises-tf": lambda data: notebook_exercises(data, "tf"),
    "implicit-bpr": implicit_bpr, "implicit-recommend": implicit_recommend, "implicit-als": implicit_als, "irspack": irspack,
    "cornac": cornac, "libmf": libmf, "surprise-svd": surprise_svd}


def lists(path):
    """(user, item) of lines 'user item item ...'."""
    with (gzip.open if path.endswith(".gz") else open)(path, "rt") as text:
        return [(user, item) for user, *items in (map(int, line.split()) for line in text) for item in items]


def ranking_figures(scores, masked, test, cuts=(10, 20, 40)):
    """recall@k and ndcg@k over all items but the masked ones; the means over users with test items."""
    scores = scores.copy()
    scores[masked.nonzero()] = -np.inf
    best = np.argsort(-scores, axis=1, kind="stable")[:, :max(cuts)]
    hits = test.toarray()[np.arange(len(best))[:, None], best]
    relevant = np.asarray(test.sum(axis=1)).ravel().astype(int)
    hits, relevant = hits[relevant > 0], relevant[relevant > 0]
    gain = 1 / np.log2(np.arange(max(cuts)) + 2)
    ideal = np.cumsum(gain)
    out = {}
    for k in cuts:
        out[f"recall@{k}"] = round(float((hits[:, :k].sum(axis=1) / relevant).mean()), 4)
        out[f"ndcg@{k}"] = round(float(((hits[:, :k] * gain[:k]).sum(axis=1) / ideal[np.minimum(relevant, k) - 1]).mean()), 4)
    return out


def ease(train, penalty=700):
    """EASE's scores (Steck, 2019); inverts a matrix of items x items."""
    gram = (train.T @ train).toarray()
    gram[np.diag_indices_from(gram)] += penalty
    weights = np.linalg.inv(gram)
    weights /= -np.diag(weights)
    np.fill_diagonal(weights, 0)
    return train @ weights


def ranking(*paths):
    from irspack.recommenders.ials import IALSRecommender

    parts = [np.array(lists(path)).T for path in paths]
    shape = np.concatenate(parts, axis=1).max(axis=1) + 1
    train, valid, test = (sp.csr_matrix((np.ones(part.shape[1]), tuple(part)), shape=shape) for part in parts)

    def report(row, seconds, scores):
        emit(row, seconds, mask_train=ranking_figures(scores, train, test), mask_train_valid=ranking_figures(scores, train + valid, test))

    if shape[1] < 8000:
        with Timer() as timer:
            scores = ease(train)
        report("ease lambda=700", timer.seconds, scores)
    for factors in (64, 128):
        model = IALSRecommender(train, n_components=factors, alpha0=0.2, reg=0.01, nu=1.0, train_epochs=16, n_threads=THREADS,
                                solver_type="CHOLESKY")
        with Timer() as timer:
            model.learn()
        report(f"ials d={factors} alpha0=.2 reg=.01 nu=1 16 epochs", timer.seconds, model.get_score(np.arange(shape[0])))


def main():
    words = sys.argv[1:]
    if not words or words[0] in ("-h", "--help"):
        sys.exit(f"{__doc__}\nrows: {' '.join(ROWS)}")
    if words[0] == "ranking":
        if len(words) != 4:
            sys.exit("peers: ranking needs TRAIN VALID TEST")
        return ranking(*words[1:])
    path, *rows = words
    unknown = [row for row in rows if row not in ROWS]
    if unknown:
        sys.exit(f"peers: unknown row {unknown[0]}; known: {' '.join(ROWS)}")
    rows = rows or list(ROWS)
    data = Data(path)
    for row in rows:
        # implicit-recommend trains as implicit-bpr does, and reports it.
        if not (row == "implicit-bpr" and "implicit-recommend" in rows):
            ROWS[row](data)


if __name__ == "__main__":
    main()
