#!/usr/bin/env python3
"""Makes an index of FAISS (PyPI's faiss-cpu) of an exported model's items, and says how often it finds the exact list.

    python scripts/to_faiss.py MODEL -o items.faiss [--index hnsw|ivf|flat] [--space auto|inner|column|distance]

It needs faiss-cpu and this project's Python package. An item's number in the index is its row in the model; items without
a row of training are left out. A user's query is queries(model, rows, index): its text says what it is made of.

A score is an inner product, in which an item with a long vector may be far from all of its users. An index that compares
Euclidean distances of such vectors finds next to nothing (--space distance shows it; it is never chosen). Two spaces are
sound: inner, FAISS's own inner products; and column, where each item gets one more coordinate, sqrt(M^2 - |x|^2) with M
the longest vector, which users have as 0: then |q - x|^2 = |q|^2 + M^2 - 2 q.x, and the nearest item is the one with the
highest score. Which of the two an index walks better depends on the model, so auto measures both and takes the better.

The figure is recall@k: the share of the exact k best (of the Python package, seen items included) that the index finds,
over --users users drawn at random. It is printed for each width of search.
"""

import argparse
import sys

import numpy as np

SEED = 1


def vectors(model):
    """[I, D]: what a user's factors are multiplied with; where items have biases they are one more coordinate."""
    tables = model.tables
    if "gamma_item" not in tables:
        sys.exit(f"{model.path}: a model of kind {model.kind} has no factors to search")
    parts = [tables["gamma_item"]]
    if "beta_item" in tables:
        parts.append(tables["beta_item"][:, None])
    return np.hstack(parts)


def with_length(x):
    """One more coordinate, by which all rows are of one length."""
    squares = (x.astype(np.float64) ** 2).sum(1)
    return np.hstack([x, np.sqrt(squares.max() - squares)[:, None]]).astype(np.float32)


def queries(model, rows, index):
    """What to ask the index with for users by row [B]: their factors, 1 for the items' bias if there is one, and 0 for the
    coordinate that evens out lengths, if the index has it."""
    tables = model.tables
    out = np.zeros((len(rows), index.d), np.float32)
    factors = tables["gamma_user"].shape[1]
    out[:, :factors] = tables["gamma_user"][rows]
    if "beta_item" in tables:
        out[:, factors] = 1
    return out


def made_index(kind, x, metric):
    """An index over x, and the parameter that widens its search with the values to try."""
    import faiss

    if kind == "flat":
        index = faiss.IndexFlat(x.shape[1], metric)
        widths = ("", [None])
    elif kind == "hnsw":
        index = faiss.IndexHNSWFlat(x.shape[1], 32, metric)
        index.hnsw.efConstruction = 200
        widths = ("efSearch", [16, 64, 256])
    else:
        cells = max(1, int(4 * np.sqrt(len(x))))
        index = faiss.IndexIVFFlat(faiss.IndexFlat(x.shape[1], metric), x.shape[1], cells, metric)
        index.train(x)
        widths = ("nprobe", [n for n in (1, 4, 16, 64) if n <= cells])
    return index, widths


def recall(found, exact):
    return float(np.mean([len(set(a) & set(b)) / len(b) for a, b in zip(found, exact)]))


def build(model, kind, space):
    """(index with rows of items as numbers, parameter's name, its values)."""
    import faiss

    x = vectors(model)
    trained = np.flatnonzero(model.tables["item_rows"]) if "item_rows" in model.tables else np.arange(len(x))
    x = np.ascontiguousarray((with_length(x) if space == "column" else x)[trained], np.float32)
    bare, (name, values) = made_index(kind, x, faiss.METRIC_INNER_PRODUCT if space == "inner" else faiss.METRIC_L2)
    index = faiss.IndexIDMap2(bare)
    index.add_with_ids(x, trained.astype(np.int64))
    return index, name, values


def measured(model, index, name, values, users, k):
    """Rows (value of the parameter, recall@k)."""
    import faiss

    known = np.flatnonzero(model.tables["user_rows"]) if "user_rows" in model.tables else np.arange(len(model.users))
    rows = np.random.default_rng(SEED).choice(known, min(users, len(known)), replace=False)
    exact, _ = model.recommend(rows, k, exclude_seen=False)
    out = []
    for value in values:
        if name:
            faiss.ParameterSpace().set_index_parameter(index, name, value)
        _, found = index.search(queries(model, rows, index), k)
        out.append((value, recall(found, exact)))
    return out


def main():
    parser = argparse.ArgumentParser(description="Makes a FAISS index of an exported model's items.")
    parser.add_argument("model", help="a model.pt or a .safetensors file")
    parser.add_argument("-o", "--output", help="the index to write (default: only measure)")
    parser.add_argument("--index", choices=["hnsw", "ivf", "flat"], default="hnsw")
    parser.add_argument("--space", choices=["auto", "inner", "column", "distance"], default="auto", help="default: the better of inner and column")
    parser.add_argument("--users", type=int, default=1000, help="users of the measurement (default: 1000)")
    parser.add_argument("-k", type=int, default=10, help="items in a list (default: 10)")
    asked = parser.parse_args()
    try:
        import faiss

        import latent
    except ImportError as missing:
        sys.exit(f"{missing.name} is not installed: pip install faiss-cpu, and pip install . in this project's folder")
    try:
        model = latent.load(asked.model)
    except latent.Error as error:
        sys.exit(str(error))
    best = None
    for space in ["inner", "column"] if asked.space == "auto" else [asked.space]:
        index, name, values = build(model, asked.index, space)
        rows = measured(model, index, name, values, asked.users, asked.k)
        for value, share in rows:
            print(f"{asked.index} {space}{f' {name} {value}' if name else ''}: recall@{asked.k} {share:.4f}")
        narrowest = rows[0][1]
        if best is None or narrowest > best[0]:
            best = narrowest, space, index
    _, space, index = best
    if asked.output:
        faiss.write_index(index, asked.output)
        print(f"wrote {asked.output} ({space})")


if __name__ == "__main__":
    main()
