#!/usr/bin/env python3
"""Several ranks in network namespaces of their own: bits, bytes, a slow link, and a rank that is killed.

    scripts/dist_campaign.py PROGRAM RATINGS [--ranks 4] [--models latent_factor,bpr,mf,ials] [--rate 100mbit] [--kills 3]
        [--set KEY=VALUE]...

Needs root (ip netns, tc). Prints a line for each check and a table at the end; exit code 1 where a check fails.
"""
import argparse
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/cli"))
import support  # noqa: E402

SETTINGS = {
    "latent_factor": ["train.steps=60"],
    "bpr": ["train.steps=40"],
    "mf": ["train.epochs=2", "train.negatives=256", "train.patience=0"],
    "ials": ["train.epochs=6", "model.factors=64", "train.patience=0"],
}


def tool(*words, check=True):
    return subprocess.run(words, check=check, capture_output=True, text=True)


def wait_and_watch(processes):
    """Exit codes, and the most memory that each process has held, in bytes."""
    most = [0] * len(processes)
    while any(p.poll() is None for p in processes):
        for n, process in enumerate(processes):
            try:
                status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
                most[n] = max(most[n], *(1024 * int(x) for x in re.findall(r"VmHWM:\s+(\d+)", status)), 0)
            except (OSError, TypeError):
                pass  # it has just ended
        time.sleep(0.02)
    return [p.returncode for p in processes], most


class Network:
    """Namespaces lat0, lat1, ... at 10.77.0.1, .2, ..., joined by a bridge; gone with the object."""

    def __init__(self, count):
        self.count = count
        self.close()
        tool("ip", "link", "add", "latbr", "type", "bridge")
        tool("ip", "link", "set", "latbr", "up")
        for n in range(count):
            tool("ip", "netns", "add", f"lat{n}")
            tool("ip", "link", "add", f"latv{n}", "type", "veth", "peer", "name", "eth0", "netns", f"lat{n}")
            tool("ip", "link", "set", f"latv{n}", "master", "latbr", "up")
            self.inside(n, "ip", "addr", "add", f"10.77.0.{n + 1}/24", "dev", "eth0")
            self.inside(n, "ip", "link", "set", "eth0", "up")
            self.inside(n, "ip", "link", "set", "lo", "up")

    def inside(self, n, *words):
        return tool("ip", "netns", "exec", f"lat{n}", *words)

    def slow(self, rate, delay):
        """Every rank's link; how it was done. netem delays too, where the kernel has it."""
        for how in ([["netem", "delay", delay, "rate", rate]] if delay else []) + [["tbf", "rate", rate, "burst", "64kb", "latency", "400ms"]]:
            done = [tool("ip", "netns", "exec", f"lat{n}", "tc", "qdisc", "replace", "dev", "eth0", "root", *how, check=False)
                    for n in range(self.count)]
            if all(d.returncode == 0 for d in done):
                return " ".join(how)
        raise SystemExit("tc knows neither netem nor tbf here")

    def fast(self):
        for n in range(self.count):
            tool("ip", "netns", "exec", f"lat{n}", "tc", "qdisc", "del", "dev", "eth0", "root", check=False)

    def sent(self):
        """Bytes that each rank's link has sent, headers and all."""
        return [int(self.inside(n, "cat", "/sys/class/net/eth0/statistics/tx_bytes").stdout) for n in range(self.count)]

    def close(self):
        for n in range(64):
            if tool("ip", "netns", "del", f"lat{n}", check=False).returncode != 0 and n >= self.count:
                break
        tool("ip", "link", "del", "latbr", check=False)


class Campaign:
    def __init__(self, arguments, folder):
        self.arguments, self.folder, self.failed, self.port, self.rows = arguments, folder, 0, 29600, []
        support.write_config(folder / "config.json", data=str(pathlib.Path(arguments.ratings).resolve()), split={"seed": 1})

    def check(self, good, what):
        print(("ok      " if good else "FAILED  ") + what, flush=True)
        self.failed += not good

    def words(self, *words, sets=()):
        return [str(pathlib.Path(self.arguments.program).resolve()), "train", *words, *support.set_options(sets)]

    def start(self, count, words, log):
        self.port += 1
        out = []
        for rank in range(count):
            place = {"RANK": rank, "LOCAL_RANK": 0, "WORLD_SIZE": count, "LOCAL_WORLD_SIZE": 1, "MASTER_ADDR": "10.77.0.1",
                     "MASTER_PORT": self.port, "GLOO_SOCKET_IFNAME": "eth0", "XDG_CACHE_HOME": self.folder / f"cache{rank}"}
            out.append(subprocess.Popen(["ip", "netns", "exec", f"lat{rank}", *words], cwd=self.folder, stdout=subprocess.DEVNULL,
                                        stderr=open(self.folder / f"{log}.{rank}", "w"),
                                        env={**os.environ, **{k: str(v) for k, v in place.items()}}))
        return out

    def run(self, count, run, sets):
        """Seconds, bytes that links sent, metrics and tensors; count 1: without ranks."""
        start, before = time.monotonic(), self.network.sent()
        words = self.words("config.json", "--run-dir", run, sets=sets)
        processes = self.start(count, words, run) if count > 1 else [
            subprocess.Popen(words, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=open(self.folder / f"{run}.0", "w"),
                             env=support.environment(self.folder))]
        codes, self.memory = wait_and_watch(processes)
        if any(codes):
            raise SystemExit(f"{run}: " + (self.folder / f"{run}.0").read_text())
        return time.monotonic() - start, [b - a for a, b in zip(before, self.network.sent())], self.json(run), self.tensors(run)

    def json(self, run):
        return json.loads((self.folder / run / "metrics.json").read_text())

    def tensors(self, run):
        newest = max((self.folder / run / "checkpoints").glob("*.ckpt"), key=lambda p: int(re.findall(r"\d+", p.name)[-1]))
        return {name: t.tobytes() for name, t in support.read_checkpoint(newest)[1].items()}

    def bits_and_bytes(self, model, slow=None, items="replicated"):
        sets = [f"model.name={model}", *SETTINGS[model], *self.arguments.set, f"dist.items={items}"]
        results = {}
        sizes = [self.arguments.ranks] if slow else [2, self.arguments.ranks] if items == "sharded" else [1, 2, self.arguments.ranks]
        for count in sizes:
            run = f"{model}-{count}-{items}" + ("-slow" if slow else "")
            seconds, sent, metrics, tensors = self.run(count, run, sets)
            train = metrics["train"]
            if count == 1:
                self.one = tensors
            self.check(tensors == self.one, f"{run}: the bits of one process")
            said = train.get("bytes_sent", [0])
            steps = train["steps"]
            if count > 1:
                share = sum(sent) / max(1, sum(said))  # a rank also forwards what others sent
                self.check(0.95 < share < 1.5, f"{run}: all links sent {share:.2f} times what metrics.json says")
            self.rows.append((model, items if count > 1 else "", count, slow or "", steps, train["seconds"], max(said) / steps, self.memory))
            results[count] = metrics
        return results

    def kill(self, model, number):
        count, run = self.arguments.ranks, f"killed-{model}-{number}"
        long = "train.steps=1000000" if model in ("latent_factor", "bpr") else "train.epochs=100000"
        sets = [f"model.name={model}", *SETTINGS[model], long, "checkpoint.every=5"]
        ranks = self.start(count, self.words("config.json", "--run-dir", run, sets=sets), run)
        until = time.monotonic() + 120
        while not list((self.folder / run).glob("checkpoints/*.ckpt")) and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(random.random())
        victim = random.randrange(1, count)
        ranks[victim].send_signal(signal.SIGKILL)
        start = time.monotonic()
        codes = [p.wait() for p in ranks]
        took = time.monotonic() - start
        line = [x for x in (self.folder / f"{run}.0").read_text().splitlines() if x.startswith("latent: ")]
        self.check(took < 30 and codes[0] == 1 and len(line) == 1 and "last checkpoint is of step" in line[0],
                   f"{run}: rank {victim} killed; all ended within {took:.1f} s: {line}")
        step = max(int(re.findall(r"\d+", p.name)[-1]) for p in (self.folder / run / "checkpoints").glob("*.ckpt"))
        end = f"{long.split('=')[0]}=" + str(step + 5 if "steps" in long else -(-step // self.per_pass[model]) + 1)
        one = self.run(1, f"{run}-whole", [*sets, end])[3]
        ways = [(1, "replicated"), (2, "replicated"), (count, "replicated")] + ([(2, "sharded")] if model != "ials" else [])
        for size, items in ways:
            again = f"{run}-by-{size}-{items}"
            shutil.copytree(self.folder / run, self.folder / again)
            words = self.words("--resume", again, sets=[end, f"dist.items={items}"])
            if size > 1:
                codes = [p.wait() for p in self.start(size, words, again)]
            else:
                codes = [subprocess.run(words, cwd=self.folder, capture_output=True).returncode]
            self.check(not any(codes) and self.tensors(again) == one, f"{run}: gone on with by {size}, items {items}: the bits of an unbroken run")

    def all(self):
        a = self.arguments
        self.network = Network(a.ranks)
        try:
            self.per_pass = {}
            for model in a.models.split(","):
                metrics = self.bits_and_bytes(model)[1]
                epochs = [int(s.split("=")[1]) for s in SETTINGS[model] if s.startswith("train.epochs")]
                self.per_pass[model] = metrics["train"]["steps"] // epochs[0] if epochs else 1
                modes = ["replicated"] if model == "ials" else ["replicated", "sharded"]
                for items in modes[1:]:
                    self.bits_and_bytes(model, items=items)
                how = self.network.slow(a.rate, a.delay)
                for items in modes:
                    self.bits_and_bytes(model, slow=how.split()[0] + " " + a.rate, items=items)
                self.network.fast()
            for number in range(a.kills):
                self.kill(a.models.split(",")[number % len(a.models.split(","))], number)
        finally:
            self.network.close()
        print("\n| model | items | ranks | link | steps | ms a step | bytes a step, the rank that sends most | memory of rank 0, of the largest other |\n"
              "| --- | --- | --- | --- | --- | --- | --- | --- |")
        for model, items, count, link, steps, seconds, sent, memory in self.rows:
            print(f"| {model} | {items} | {count} | {link} | {steps} | {1000 * seconds / steps:.1f} | {sent:,.0f} | "
                  f"{memory[0] / 1e6:.0f} MB" + (f", {max(memory[1:]) / 1e6:.0f} MB |" if count > 1 else " |"))
        print(f"{self.failed} failed")
        return 1 if self.failed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("ratings")
    parser.add_argument("--ranks", type=int, default=4)
    parser.add_argument("--models", default=",".join(SETTINGS))
    parser.add_argument("--rate", default="100mbit")
    parser.add_argument("--delay", default="1ms")
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="for all trainings")
    with tempfile.TemporaryDirectory(prefix="latent-ranks-") as folder:
        return Campaign(parser.parse_args(), pathlib.Path(folder)).all()


if __name__ == "__main__":
    sys.exit(main())
