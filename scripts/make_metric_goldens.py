#!/usr/bin/env python3
"""Writes tests/golden/library_metrics.json: ranking metrics of made-up scores without ties, computed by the libraries.

    pip install ranx==0.3.21 pytrec-eval-terrier==0.5.11 scikit-learn==1.9.1 && scripts/make_metric_goldens.py [--check]

ranx: recall, ndcg, hit, precision, map, mrr; pytrec_eval, which must agree: recall, ndcg, precision, map; scikit-learn: ndcg
and auc. --check compares what the libraries say now with the file instead. Two definitions differ by a known factor: ranx and
trec divide a user's average precision at k by the relevant items R, this project by min(k, R).
"""
import argparse
import importlib.metadata
import json
import pathlib
import sys

import numpy as np

GOLDEN = pathlib.Path(__file__).resolve().parents[1] / "tests/golden/library_metrics.json"
LIBRARIES = ("ranx", "pytrec-eval-terrier", "scikit-learn")
K = (1, 5, 10, 20, 60)


def figures(scores, masked, held_out, cut_offs):
    """{metric@k: mean over users with held-out items}; scores [U, I], masked and held_out bool [U, I], no two scores of a user equal."""
    import pytrec_eval
    import ranx
    from sklearn.metrics import ndcg_score, roc_auc_score

    candidates = ~masked
    users = np.flatnonzero(held_out.any(1))
    run = {str(u): {str(i): float(scores[u, i]) for i in np.flatnonzero(candidates[u])} for u in users}
    relevant = {str(u): {str(i): 1 for i in np.flatnonzero(held_out[u])} for u in users}
    size = {u: len(items) for u, items in relevant.items()}
    out = {}
    names = {"recall": "recall", "ndcg": "ndcg", "hit": "hit_rate", "precision": "precision", "map": "map", "mrr": "mrr"}
    trec_names = {"recall": "recall", "ndcg": "ndcg_cut", "precision": "P", "map": "map_cut"}
    trec = pytrec_eval.RelevanceEvaluator(relevant, {f"{trec_names[m]}.{k}" for m in trec_names for k in cut_offs}).evaluate(run)
    for ours, theirs in names.items():
        for k in cut_offs:
            qrels, lists = ranx.Qrels(relevant), ranx.Run(run)
            ranx.evaluate(qrels, lists, f"{theirs}@{k}", make_comparable=True)
            values = dict(lists.scores[f"{theirs}@{k}"])
            if ours in trec_names:
                for u, value in values.items():
                    assert abs(value - trec[u][f"{trec_names[ours]}_{k}"]) < 1e-9, (ours, k, u)
            if ours == "map":
                values = {u: value * size[u] / min(k, size[u]) for u, value in values.items()}
            out[f"{ours}@{k}"] = float(np.mean(list(values.values())))
    lowest = scores.min() - 1
    for k in cut_offs:  # scikit-learn ranks every item, so masked ones go last
        ranked = np.where(candidates, scores, lowest)[users]
        theirs = np.mean([ndcg_score(held_out[u][None].astype(float), row[None], k=k, ignore_ties=True) for u, row in zip(users, ranked)])
        assert abs(theirs - out[f"ndcg@{k}"]) < 1e-9, k
    out["auc"] = float(np.mean([roc_auc_score(held_out[u][candidates[u]], scores[u][candidates[u]]) for u in users]))
    return out


def case(users=40, items=60, seed=0):
    rng = np.random.default_rng(seed)
    scores = np.array([rng.permutation(items) for _ in range(users)])
    part = rng.random((users, items))
    return scores, part < 0.2, (part >= 0.2) & (part < 0.3) & (np.arange(users) % 8 != 7)[:, None]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    scores, masked, held_out = case()
    got = figures(scores, masked, held_out, K)
    if options.check:
        expected = json.loads(GOLDEN.read_text())["expected"]
        wrong = {name: (expected.get(name), value) for name, value in got.items() if not abs(value - expected.get(name, np.nan)) < 1e-9}
        sys.exit(f"differ from {GOLDEN.name}: {wrong}" if wrong or set(got) != set(expected) else 0)
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in LIBRARIES)
    text = {"how": f"scripts/make_metric_goldens.py; {versions}", "k": K, "scores": scores.tolist(),
            "masked": np.argwhere(masked).tolist(), "held_out": np.argwhere(held_out).tolist(), "expected": got}
    GOLDEN.write_text(json.dumps(text) + "\n")


if __name__ == "__main__":
    main()
