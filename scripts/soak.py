#!/usr/bin/env python3
"""Asks `latent serve` everything at once while its model is swapped every second, and counts what fails.

    scripts/soak.py [SECONDS] [--program build/release/latent] [--threads 6] [--json out.json]

Three models of the same made-up ratings take turns: the file is replaced by rename, most times with SIGHUP, sometimes
without, so that the server finds it by itself. Every tenth file is damaged, and must be refused while the old model goes
on. Threads ask for lists, neighbours, scores, orders, fold-in and explanations, for tensors as JSON and as bytes, and for
metrics. An answer that is not, to the last digit, what one of the three models says when it is asked alone is a failure; so
is any status but 200 and any broken connection. Memory is flat where the mean of the last third of the time exceeds that
of the first by no more than 5 %. Exits with 1 on a failure.
"""

import argparse
import collections
import http.client
import json
import os
import pathlib
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time

MODELS = {"svd": ["train.epochs=3"], "ials": ["train.epochs=2"], "bpr": ["train.steps=50", "train.batch_size=5000"]}
USERS, ITEMS, RATINGS = 1500, 2000, 60_000


def trained(program, folder, short_ids=False):
    """The models' files by name, and the ids of users and items; short ones are those that others hit upon by chance."""
    subprocess.run([program, "synth", "-o", folder / "rows.json", "--users", str(USERS), "--items", str(ITEMS), "--ratings", str(RATINGS)],
                   check=True, capture_output=True)
    rows = [json.loads(line) for line in open(folder / "rows.json", encoding="utf-8")]
    if short_ids:
        names = {id: chr(48 + n) for kind in ("user_id", "book_id") for n, id in enumerate(list(dict.fromkeys(row[kind] for row in rows))[:78])}
        rows = [{**row, **{kind: names.get(row[kind], row[kind]) for kind in ("user_id", "book_id")}} for row in rows]
        (folder / "rows.json").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (folder / "c.json").write_text(json.dumps({"data": {"path": str(folder / "rows.json"), "cache_dir": str(folder / "cache")}, "split": {"test": 0, "valid": 0}}))
    files = {}
    for name, sets in MODELS.items():
        words = [word for text in [f"model.name={name}", "model.factors=32", "train.threads=2", *sets] for word in ("--set", text)]
        subprocess.run([program, "train", folder / "c.json", "--run-dir", folder / name, *words], check=True, capture_output=True)
        files[name] = (folder / name / "model.pt").read_bytes()
    return files, list(dict.fromkeys(row["user_id"] for row in rows)), list(dict.fromkeys(row["book_id"] for row in rows))


def questions(users, items, rng):
    """(kind, path, body, headers) of each that is asked again and again."""
    out = []

    def post(kind, path, body, count=8):
        for _ in range(count):
            out.append((kind, path, json.dumps(body()).encode(), {"Content-Type": "application/json"}))

    user, item = lambda: rng.choice(users), lambda: rng.choice(items)
    post("recommend", "/recommend", lambda: {"user": user(), "k": rng.choice([1, 10, 100])})
    post("recommend many", "/recommend", lambda: {"users": rng.sample(users, 20), "k": 10, "exclude": rng.sample(items, 3)})
    post("similar", "/similar", lambda: rng.choice([{"item": item(), "k": 5}, {"user": user(), "k": 5}]))
    post("score", "/score", lambda: {"pairs": [[user(), item()] for _ in range(30)]})
    post("rank", "/rank", lambda: {"user": user(), "items": rng.sample(items, 20)})
    post("fold-in", "/fold-in", lambda: {"items": rng.sample(items, 5), "ratings": [rng.randint(1, 5) for _ in range(5)], "vector": True})
    post("explain", "/explain", lambda: {"user": user(), "item": item(), "k": 3})
    post("infer JSON", "/v2/models/soak/infer", lambda: {"inputs": [{"name": "user", "datatype": "BYTES", "shape": [4], "data": rng.sample(users, 4)}]})
    for _ in range(8):
        names = b"".join(struct.pack("<I", len(u)) + u for u in (u.encode() for u in rng.sample(users, 4)))
        head = json.dumps({"parameters": {"binary_data_output": True},
                           "inputs": [{"name": "user", "datatype": "BYTES", "shape": [4], "parameters": {"binary_data_size": len(names)}}]}).encode()
        out.append(("infer bytes", "/v2/models/soak/infer", head + names, {"Inference-Header-Content-Length": str(len(head))}))
    out.append(("metrics", "/metrics", None, {}))
    return out


def ask(connection, question):
    _, path, body, headers = question
    connection.request("POST" if body is not None else "GET", path, body, headers)
    answer = connection.getresponse()
    return answer.status, answer.read()


class Server:
    def __init__(self, program, model, environment=None):
        self.process = subprocess.Popen([program, "serve", model, "--name", "soak", "--port", "0"], env=environment, stderr=subprocess.PIPE, encoding="utf-8", errors="replace")
        self.said = collections.deque(maxlen=1000)
        for line in self.process.stderr:
            if line.startswith("serving "):
                break
        self.port = int(line.rsplit(":", 1)[1])
        threading.Thread(target=lambda: self.said.extend(self.process.stderr), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.code = self.process.wait(120)

    def connection(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def resident(self):
        return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{self.process.pid}/status").read_text())[1]) / 1024

    def counters(self):
        connection = self.connection()
        text = ask(connection, ("", "/metrics", None, {}))[1].decode()
        connection.close()
        return {name: int(re.search(rf"^latent_models_{name}_total (\d+)$", text, re.M)[1]) for name in ("loaded", "refused")}


class Load:
    """Threads that ask at random until told to end."""

    def __init__(self, server, asked, expected, threads, seed):
        self.server, self.asked, self.expected = server, asked, expected
        self.end, self.lock, self.failures, self.seconds = threading.Event(), threading.Lock(), [], {}
        self.threads = [threading.Thread(target=self.run, args=(random.Random(f"{seed}.{n}"),)) for n in range(threads)]
        for one in self.threads:
            one.start()

    def run(self, rng):
        connection, seconds = self.server.connection(), {}
        while not self.end.is_set():
            n = rng.randrange(len(self.asked))
            kind, start = self.asked[n][0], time.perf_counter()
            try:
                status, text = ask(connection, self.asked[n])
                wrong = status != 200 and f"{status} {text[:200]}" or kind != "metrics" and text not in self.expected[n] and f"no model's answer: {text[:200]}"
            except (OSError, http.client.HTTPException) as error:
                wrong, connection = repr(error), self.server.connection()
            seconds.setdefault(kind, []).append(time.perf_counter() - start)
            if wrong:
                with self.lock:
                    self.failures.append(f"{kind}: {wrong}")
            if rng.random() < 0.002:  # most requests share a connection, some come on a new one
                connection.close()
                connection = self.server.connection()
        connection.close()
        with self.lock:
            for kind, some in seconds.items():
                self.seconds.setdefault(kind, []).extend(some)

    def stop(self):
        self.end.set()
        for one in self.threads:
            one.join()


def damaged(whole, rng):
    """Cut, or with bytes of its tables changed: never a file that may be taken."""
    bytes_ = bytearray(whole)
    kind = rng.randrange(3)
    if kind == 0:
        return bytes(bytes_[:rng.randrange(len(bytes_))])
    at = len(bytes_) // 2 + rng.randrange(1000)
    for n in range(1 if kind == 1 else 64):
        bytes_[at + n] ^= 1 << rng.randrange(8)
    return bytes(bytes_)


def swap_for(seconds, server, live, files, rng, failures, damaged_every):
    """A swap a second; (swaps, refused files, memory in MiB by time)."""
    until, beside, names = time.monotonic() + seconds, live.with_suffix(".next"), list(files)
    loaded, refused, memory, turn = 1, 0, [], 0
    while time.monotonic() < until:
        began, turn = time.monotonic(), turn + 1
        bad = turn % damaged_every == 0
        beside.write_bytes(damaged(files[names[turn % 3]], rng) if bad else files[names[turn % 3]])
        os.replace(beside, live)
        if turn % 4 != 3:
            server.process.send_signal(signal.SIGHUP)
        loaded, refused = loaded + (not bad), refused + bad
        while time.monotonic() < began + 20:  # by itself it looks twice, a second apart
            time.sleep(0.1)
            now = server.counters()
            if now["loaded"] >= loaded and now["refused"] >= refused:
                break
        else:
            failures.append(f"swap {turn}: {now}, not {loaded} loaded and {refused} refused")
        # A look at the moment of a signal may load the same file once more.
        loaded, refused = now["loaded"], now["refused"]
        memory.append(server.resident())
        time.sleep(max(0, began + 1 - time.monotonic()))
    return turn, refused, memory


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("seconds", nargs="?", type=float, default=600)
    parser.add_argument("--program", default="build/release/latent")
    parser.add_argument("--threads", type=int, default=6)
    parser.add_argument("--damaged-every", type=int, default=10, metavar="N", help="every N-th file is damaged")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", help="a file for the figures")
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="latent-soak-"))
    try:
        rng = random.Random(options.seed)
        files, users, items = trained(pathlib.Path(options.program).resolve(), folder)
        asked = questions(users, items, rng)
        live = folder / "live.pt"
        expected = [set() for _ in asked]
        for name, whole in files.items():
            live.write_bytes(whole)
            with Server(options.program, live) as server:
                connection = server.connection()
                for question, known in zip(asked, expected):
                    status, text = ask(connection, question)
                    assert status == 200, (name, question[:2], text)
                    known.add(text)
                connection.close()
        with Server(options.program, live) as server:
            load = Load(server, asked, expected, options.threads, options.seed)
            began = time.monotonic()
            swaps, refused, memory = swap_for(options.seconds, server, live, files, rng, load.failures, options.damaged_every)
            load.stop()
            took = time.monotonic() - began
        if server.code != 0:
            load.failures.append(f"the server ended with {server.code}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    third = max(1, len(memory) // 3)
    first, last = (sum(some) / len(some) for some in (memory[:third], memory[-third:]))
    times = sorted(second for some in load.seconds.values() for second in some)
    figures = {
        "seconds": round(took, 1), "requests": len(times), "failed": len(load.failures), "requests_per_second": round(len(times) / took, 1),
        "p50_ms": round(1000 * times[len(times) // 2], 2), "p99_ms": round(1000 * times[len(times) * 99 // 100], 2),
        "by_kind": {kind: len(some) for kind, some in sorted(load.seconds.items())}, "swaps": swaps, "refused": refused,
        "memory_first_third_mib": round(first, 1), "memory_last_third_mib": round(last, 1), "memory_most_mib": round(max(memory), 1)}
    if last > 1.05 * first and len(memory) >= 30:  # with fewer the first third is the way up
        load.failures.append("memory grows")
    print(json.dumps(figures))
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(figures, indent=1) + "\n")
    for line in load.failures[:20]:
        print(line, file=sys.stderr)
    return 1 if load.failures else 0


if __name__ == "__main__":
    sys.exit(main())
