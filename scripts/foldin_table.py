#!/usr/bin/env python3
"""How far folding in is from training again: ndcg@10 of users whom the model has never seen.

A fifth of the users is left out of training. Of each of them, half of the items (at random) is what they have, the other half
what is to be found. "fold-in": a model of the other users, to whom they are added by their history alone. "refit": the same
model trained on their histories too. "popularity": by the users that have an item. Lists leave out the history.

    python scripts/foldin_table.py --program build/release/latent --data DATA
"""

import argparse
import csv
import http.client
import json
import math
import pathlib
import random
import re
import subprocess
import tempfile

MODELS = {
    "latent_factor": ["model.factors=10", "train.epochs=60", "train.batch_size=5000", "train.lr=0.02", "train.lambda=1e-5"],
    "svd": ["model.factors=20"],
    "svdpp": [],
    "bayesian_mf": ["bayes.samples=100"],
    "ials": [],
    "bpr": ["model.factors=20", "train.epochs=100", "train.batch_size=5000", "train.lr=0.02", "train.lambda=1e-6"],
    "implicit_bpr": ["model.factors=32", "train.epochs=60", "train.lr=0.03"],
    "mf": [],
    "elsa": ["model.factors=128"],
}
RATINGS = {"latent_factor", "svd", "svdpp", "bayesian_mf"}


def read_rows(path):
    """(user, item, rating or None) of ml-100k's u.data, or of lines user item item ..."""
    if path.name == "u.data":
        return [(u, i, float(r)) for u, i, r, _ in (line.split("\t") for line in path.read_text().splitlines())]
    return [(words[0], item, None) for words in (line.split() for line in path.read_text().splitlines()) for item in words[1:]]


def write_rows(path, rows):
    with open(path, "w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["user", "item", "rating"])
        out.writerows((u, i, 1 if r is None else r) for u, i, r in rows)


def ndcg(items, wanted, k=10):
    gain = sum(1 / math.log2(n + 2) for n, item in enumerate(items[:k]) if item in wanted)
    return gain / sum(1 / math.log2(n + 2) for n in range(min(k, len(wanted))))


class Server:
    def __init__(self, program, model):
        self.process = subprocess.Popen([program, "serve", model, "--port", "0", "--max-batch", "100000"], stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if found := re.search(r"http://[\d.]+:(\d+)", line):
                self.port = int(found[1])
                return
        raise SystemExit("the server did not start")

    def ask(self, path, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        connection.request("POST", path, json.dumps(body))
        answer = json.loads(connection.getresponse().read())
        connection.close()
        if "error" in answer:
            raise SystemExit(answer["error"])
        return answer["results"]

    def stop(self):
        self.process.terminate()
        self.process.wait()


def table(arguments, folder, rows):
    chance = random.Random(arguments.seed)
    users = sorted({u for u, _, _ in rows})
    held = set(chance.sample(users, len(users) // 5))
    known = [row for row in rows if row[0] not in held]
    items = {i for _, i, _ in known}
    own = {}
    for u, i, r in rows:
        if u in held and i in items:
            own.setdefault(u, []).append((i, r))
    history, wanted = {}, {}
    for u, pairs in sorted(own.items()):
        chance.shuffle(pairs)
        half = len(pairs) // 2
        if half:
            history[u], wanted[u] = pairs[:half], {i for i, _ in pairs[half:]}
    write_rows(folder / "known.csv", known)
    write_rows(folder / "all.csv", known + [(u, i, r) for u, pairs in history.items() for i, r in pairs])
    counts = {}
    for _, i, _ in known:
        counts[i] = counts.get(i, 0) + 1
    popular = sorted(counts, key=lambda i: -counts[i])

    def mean(lists):
        return sum(ndcg(lists[u], wanted[u]) for u in history) / len(history)

    def without_history(u, ranked):
        had = {i for i, _ in history[u]}
        return [i for i in ranked if i not in had][:10]

    print(f"| {len(history)} held-out users | fold-in | refit |\n| --- | --- | --- |")
    by_count = mean({u: without_history(u, popular) for u in history})
    for name in arguments.models:
        if name in RATINGS and rows[0][2] is None:
            continue
        lists = {}
        for what in ("known", "all"):
            run = folder / f"{name}-{what}"
            sets = [word for text in [f"model.name={name}", f"data.path={folder / what}.csv", "split.test=0", *MODELS[name]] for word in ("--set", text)]
            done = subprocess.run([arguments.program, "train", folder / "c.json", "--run-dir", run, *sets], capture_output=True, text=True)
            if done.returncode:
                raise SystemExit(done.stderr)
            server = Server(arguments.program, run)
            order = list(history)
            if what == "known":
                asked = [{"items": [i for i, _ in history[u]], **({"ratings": [r for _, r in history[u]]} if name in RATINGS else {})} for u in order]
                got = server.ask("/fold-in", {"histories": asked, "k": 10})
            else:
                got = server.ask("/recommend", {"users": order, "k": 10})
            server.stop()
            lists[what] = {u: [one["item"] for one in answer["items"]] for u, answer in zip(order, got)}
        print(f"| `{name}` | {mean(lists['known']):.4f} | {mean(lists['all']):.4f} |", flush=True)
    print(f"| popularity | {by_count:.4f} | |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True)
    parser.add_argument("--data", required=True, type=pathlib.Path)
    parser.add_argument("--sets", nargs="+", default=["ml-100k/u.data", "lastfm-ranking/train.txt"])
    parser.add_argument("--models", nargs="+", default=[name for name in MODELS if name != "mf"], choices=MODELS)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    for name in arguments.sets:
        print(f"\n{name}\n")
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "c.json").write_text(json.dumps({"data": {"path": "set below"}}))
            table(arguments, pathlib.Path(folder), read_rows(arguments.data / name))


if __name__ == "__main__":
    main()
