"""A server whose model is swapped while calls fail: the old model goes on answering, whole, and the next swap succeeds."""

import json
import re
import signal
import subprocess
import threading
import time
import urllib.request

import campaign

# Of the calls of a swap those that may fail.
FAULTS = [("open", "EMFILE"), ("read", "EIO"), ("mmap", "EIO"), ("malloc", "ENOMEM")]


class Server:
    """`latent serve m.pt` under the shim; what it says is kept."""

    def __init__(self, runs, call="", at=0, do=""):
        self.process = subprocess.Popen([runs.program, "serve", "m.pt", "--port", "0"], cwd=runs.folder, env=runs.environment(call, at, do),
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, encoding="utf-8")
        self.said = []
        threading.Thread(target=lambda: self.said.extend(self.process.stderr), daemon=True).start()
        self.port = re.search(r":(\d+)$", self.wait_for("serving m.pt on", 0).strip())[1]

    def wait_for(self, words, first):
        """The first line from number `first` on with one of the `words`."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            for line in self.said[first:]:
                if re.search(words, line):
                    return line
            if self.process.poll() is not None:
                raise campaign.Fault(f"the server ended: {self.said}")
            time.sleep(0.01)
        raise campaign.Fault(f"no answer to a swap: {self.said}")

    def swap(self):
        """Asks for a swap; what the server says of it."""
        first = len(self.said)
        self.process.send_signal(signal.SIGHUP)
        return self.wait_for("now serving|goes on", first)

    def list(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/recommend?user=u1&k=5", timeout=30) as answer:
            return json.loads(answer.read())

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(timeout=30) != 0:
            raise campaign.Fault(f"exit {self.process.returncode}: {self.said}")


def ready(runs):
    """Two models; the lists of both."""
    import commands

    runs.folder.mkdir(parents=True, exist_ok=True)
    commands.make_ready(runs.folder, commands.Command("serve", []), runs.must)
    for seed in (1, 2):
        runs.must(["train", "c.json", "--run-dir", f"run{seed}", "--set", f"train.seed={seed}", "--set", "model.init_std=0.5"])
    lists = []
    for seed in (1, 2):
        place(runs, seed)
        server = Server(runs)
        lists.append(server.list())
        server.stop()
    return lists


def place(runs, seed):
    """m.pt becomes that model, in one step."""
    new = runs.folder / "new.pt"
    new.write_bytes((runs.folder / f"run{seed}/model.pt").read_bytes())
    new.replace(runs.folder / "m.pt")


def calls_of(runs, call):
    """The numbers of the calls that a swap makes: (first, last)."""
    place(runs, 1)
    server = Server(runs, call)
    before = runs.seen()[0]
    place(runs, 2)
    server.swap()
    after = runs.seen()[0]
    server.stop()
    return before + 1, after


def attempt(runs, lists, call, do, at):
    """Throws Fault; False when the call was not met."""
    place(runs, 1)
    try:
        server = Server(runs, call, at, do)
    except campaign.Fault:
        if runs.seen()[1] > 0:
            return False  # it came before the swap: a start that failed, which is another command's matter
        raise
    try:
        place(runs, 2)
        said = server.swap()
        if runs.seen()[1] == 0:
            return False
        runs.tried += 1
        expected = lists[1] if "now serving" in said else lists[0]
        if server.list() != expected:
            raise campaign.Fault(f"serve: {call} {at} {do}: another list after: {said}")
        if "now serving" not in server.swap() or server.list() != lists[1]:
            raise campaign.Fault(f"serve: {call} {at} {do}: the next swap failed: {server.said}")
    finally:
        server.stop()
    return True
