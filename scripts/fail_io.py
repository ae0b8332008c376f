#!/usr/bin/env python3
"""Lets each call of the program on a file fail, one after the other, and checks what it says and leaves.

    scripts/fail_io.py --program build/release/latent [--every 5] [--only train,sweep] [--minutes 30]

For each command (tests/shim/commands.py) and each kind of call and fault (tests/shim/campaign.py) the n-th call fails, for n = 1, 2, ...
until the command gets through: open, read, write (also a short one), fsync, rename, mkdir, unlink and mmap of the command's own files, and
of commands without LibTorch a sample of the requests for memory. Under "kill" the program dies before the n-th call that alters a file,
in the middle of one that writes. Each time it must say one thing and exit with 1, or come to the same files all the same; leave no
half file under its own name and no temporary one; and come to the same files as an undisturbed one when it is run again.
Prints a line for each command and each fault, and exits with 1 when there is any. --every K tries each K-th call.
"""

import argparse
import pathlib
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests/shim"))
import campaign  # noqa: E402
import commands  # noqa: E402
import swap  # noqa: E402


def swaps(runs, every, rng):
    """The same of a server's model while it is swapped; faults."""
    lists, wrong = swap.ready(runs), 0
    runs.tried = 0
    for call, do in swap.FAULTS:
        first, last = swap.calls_of(runs, call)
        stride = max(every, (last - first) // 40) if call == "malloc" else every
        for at in range(first + rng.randrange(stride), last + 1, stride):
            try:
                swap.attempt(runs, lists, call, do, at)
            except campaign.Fault as why:
                wrong += 1
                print(f"FAULT {why}", flush=True)
    print(f"serve: {runs.tried} failures, {wrong} faults", flush=True)
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default="build/release/latent")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--only", default="", help="names of commands, with commas")
    parser.add_argument("--faults", default="", help="such as write/ENOSPC,change/kill")
    parser.add_argument("--minutes", type=float, default=1e9)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    end, rng = time.monotonic() + 60 * options.minutes, campaign.rng_of(options.seed)
    wanted = set(filter(None, options.only.split(",")))
    faults, tried = 0, 0
    with tempfile.TemporaryDirectory(prefix="latent-fail-io-") as folder:
        runs = campaign.Campaign(options.program, folder, campaign.library())
        for command in commands.commands():
            if wanted and command.name not in wanted:
                continue
            runs.begin(command)
            runs.tried, wrong = 0, 0
            for call, do, at in campaign.plan(runs, command, options.every, rng):
                if options.faults and f"{call}/{do}" not in options.faults.split(","):
                    continue
                if time.monotonic() > end:
                    break
                try:
                    runs.attempt(command, call, do, at)
                except campaign.Fault as why:
                    wrong += 1
                    print(f"FAULT {why}", flush=True)
            print(f"{command.name}: {runs.tried} failures, {wrong} faults", flush=True)
            tried, faults = tried + runs.tried, faults + wrong
        if (not wanted or "serve" in wanted) and time.monotonic() < end:
            faults += swaps(runs, options.every, rng)
            tried += runs.tried
    print(f"all: {tried} failures, {faults} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
