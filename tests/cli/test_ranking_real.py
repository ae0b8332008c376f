"""Ranking metrics on MovieLens 1M (adjacency lines): the same scores in, the same figures out as a dense NumPy computation."""
import gzip
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

import numpy as np
import torch

LATENT = os.environ["LATENT"]
DATA = pathlib.Path(os.environ["LATENT_SHARED_DATA"]) / "ml-1m-ranking"
K = (1, 5, 10, 20, 40)


def pairs(path, users, items):
    with gzip.open(path, "rt") as f:
        rows = [line.split() for line in f]
    return np.array([(users[row[0]], items[i]) for row in rows for i in row[1:]])


def figures(scores, mask, test):
    """recall@k and ndcg@k over all items: a stable full sort, masked items last."""
    scores = scores.copy()
    scores[mask] = -np.inf
    top = np.argsort(-scores, axis=1, kind="stable")[:, : max(K)]
    count = test.sum(1)
    hit = np.take_along_axis(test, top, axis=1)[count > 0]
    count, gain = count[count > 0], 1 / np.log2(np.arange(2, max(K) + 2))
    out = {}
    for k in K:
        out[f"recall@{k}"] = (hit[:, :k].sum(1) / count).mean()
        out[f"ndcg@{k}"] = ((hit[:, :k] * gain[:k]).sum(1) / np.cumsum(gain)[np.minimum(count, k) - 1]).mean()
    return out


@unittest.skipUnless(DATA.is_dir(), f"no real data at {DATA}")
class RankingOnMovieLens(unittest.TestCase):
    def test_figures_are_those_of_numpy_for_both_masks(self):
        with tempfile.TemporaryDirectory() as folder:
            config = {"data": {"path": f"{DATA}/train.txt.gz", "valid_path": f"{DATA}/valid.txt.gz", "test_path": f"{DATA}/test.txt.gz",
                               "cache_dir": "none"},
                      "split": {"kind": "files"}, "model": {"name": "bpr", "factors": 16}, "train": {"steps": 60, "lr": 0.05}, "eval": {"k": K}}
            path = pathlib.Path(folder) / "config.json"
            path.write_text(json.dumps(config))
            subprocess.run([LATENT, "train", path, "--run-dir", f"{folder}/run"], check=True, capture_output=True)
            model = torch.jit.load(f"{folder}/run/model.pt")
            users, items = ({name: n for n, name in enumerate(ids)} for ids in (model.user_ids, model.item_ids))
            shape = (len(users), len(items))
            parts = []
            for name in ("train", "valid", "test"):
                dense = np.zeros(shape, bool)
                dense[tuple(pairs(DATA / f"{name}.txt.gz", users, items).T)] = True
                parts.append(dense)
            train, valid, test = parts
            with torch.no_grad():
                scores = model.score_all(torch.arange(shape[0])).numpy()
            for mask, name in ((train, "train"), (train | valid, "train_valid")):
                ours = json.loads(subprocess.run([LATENT, "evaluate", f"{folder}/run/model.pt", "--json", "--set", f"eval.mask={name}"],
                                                 check=True, capture_output=True, text=True).stdout)["test"]
                for figure, value in figures(scores, mask, test).items():
                    # Scores that differ in the last bit may swap two neighbours: a hit or two among 6,000 users.
                    self.assertAlmostEqual(ours[figure], value, delta=2e-5, msg=f"{figure}, {name} masked")


if __name__ == "__main__":
    unittest.main()
