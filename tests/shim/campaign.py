"""Runs a command again and again with another of its calls failing, and judges what it leaves. See scripts/fail_io.py."""

import os
import pathlib
import random
import shutil
import struct
import subprocess
import tempfile

import commands
import contents

HERE = pathlib.Path(__file__).resolve().parent
# Which calls fail, and how. "+": and all after it, as on a disk that stays full.
FAULTS = [("open", "EMFILE"), ("open", "EIO"), ("write", "ENOSPC"), ("write", "EIO"), ("write", "ENOSPC+"), ("write", "short"),
          ("fsync", "EIO"), ("rename", "EIO"), ("mkdir", "ENOSPC"), ("unlink", "EIO"), ("mmap", "EIO"), ("read", "EIO"), ("change", "kill")]
MEMORY = ("malloc", "ENOMEM")


def library():
    """The shim: LATENT_SHIM, or compiled here."""
    given = os.environ.get("LATENT_SHIM")
    if given:
        return given
    made = pathlib.Path(tempfile.mkdtemp(prefix="latent-shim-")) / "fail_io.so"
    subprocess.run([os.environ.get("CXX", "c++"), "-std=c++20", "-O1", "-fPIC", "-shared", HERE / "fail_io.cpp", "-o", made, "-ldl"], check=True)
    return str(made)


def sanitized(program):
    """A sanitizer wants to be loaded before any other library."""
    raw = pathlib.Path(program).read_bytes()
    return b"__asan_init" in raw or b"__tsan_init" in raw


class Fault(Exception):
    """Something that should not be."""


class Campaign:
    def __init__(self, program, folder, shim):
        self.program, self.shim = str(pathlib.Path(program).resolve()), shim
        self.root = pathlib.Path(folder).resolve()
        self.folder, self.ready = self.root / "work", self.root / "ready"
        self.counts = self.root / "counts"
        self.tried = 0

    def environment(self, call="", at=0, do=""):
        self.counts.write_bytes(bytes(16))
        more = {"LD_PRELOAD": self.shim, "SHIM_UNDER": f"{self.folder}/" if call != "malloc" else "", "SHIM_CALL": call, "SHIM_AT": str(at),
                "SHIM_DO": do, "SHIM_COUNT": str(self.counts)} if call else {}
        return {**os.environ, "XDG_CACHE_HOME": str(self.folder / "cache-home"), **more}

    def run(self, words, **fault):
        """The finished process."""
        return subprocess.run([self.program, *words], cwd=self.folder, env=self.environment(**fault), capture_output=True, encoding="utf-8",
                              errors="replace", timeout=300)

    def must(self, words):
        done = self.run(words)
        if done.returncode != 0:
            raise Fault(f"{' '.join(words)}: {done.stderr}")
        return done

    def seen(self):
        """(calls, faults) of the last run."""
        return struct.unpack("<QQ", self.counts.read_bytes())

    def take_ready(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(self.ready, self.folder, symlinks=True)

    def begin(self, command):
        """Makes the command's folder ready and keeps what it leaves when nothing fails."""
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.rmtree(self.ready, ignore_errors=True)
        self.folder.mkdir(parents=True)
        commands.make_ready(self.folder, command, self.must)
        shutil.copytree(self.folder, self.ready)
        self.earlier = contents.contents(self.folder)
        self.must(command.words)
        self.whole = contents.contents(self.folder)

    def calls_of(self, command, call):
        """How many calls of that kind there are to fail."""
        self.take_ready()
        done = self.run(command.words, call=call)
        if done.returncode != 0:
            raise Fault(f"{command.name}: fails under the shim: {done.stderr}")
        return self.seen()[0]

    def attempt(self, command, call, do, at):
        """Lets the `at`-th call fail. Throws Fault; False when there was no such call."""
        self.take_ready()
        done = self.run(command.words, call=call, at=at, do=do)
        if self.seen()[1] == 0:
            return False
        self.tried += 1
        try:
            self.judge(command, do, done)
        except (Fault, contents.Damaged) as why:
            raise Fault(f"{command.name}: {call} {at} {do}: {why}\n  exit {done.returncode}: {done.stderr.strip()[-600:]}") from why
        return True

    def judge(self, command, do, done):
        killed = do == "kill"
        said = [line for line in done.stderr.splitlines() if line.startswith("latent: ")]
        left = contents.contents(self.folder, torn=True)
        if killed and done.returncode != -9:
            raise Fault("it was not killed")
        if done.returncode == 0:
            # A cache is a convenience: without one it says so and goes on.
            self.compare("although it ended well", self.whole, ".cache" if "no cache: " in done.stderr else ".replaced")
        elif not killed:
            if do == "short":
                raise Fault("a short write is no failure")
            # A stream of the standard library takes a lack of memory for a word that it cannot read.
            codes = (1, 2) if do == MEMORY[1] else (1,)
            if done.returncode not in codes or len(said) != 1:
                raise Fault(f"exit {done.returncode}, {len(said)} messages")
            if contents.left_over(self.folder):
                raise Fault(f"left {contents.left_over(self.folder)}")
        for name in command.old:
            if left.get(name) not in (self.earlier.get(name), self.whole.get(name)):
                raise Fault(f"{name} is neither the old nor the new one")
        self.keeps_replaced(command, left)
        again = self.run(command.again(self.folder))
        if again.returncode != 0:
            raise Fault(f"again: exit {again.returncode}: {again.stderr}")
        self.compare("again", self.whole)
        if contents.left_over(self.folder):
            raise Fault(f"again left {contents.left_over(self.folder)}")

    def keeps_replaced(self, command, left):
        """A run that was to be replaced stands somewhere, whole, until the new one is."""
        if "--overwrite" not in command.words or command.words[0] != "train":
            return
        runs = {name.split("/")[0] for name in left if name.startswith("run")}
        for run in runs:
            mine = {name.split("/", 1)[1]: value for name, value in left.items() if name.startswith(f"{run}/")}
            for all_of in (self.earlier, self.whole):
                kept = {name.split("/", 1)[1]: value for name, value in all_of.items() if name.startswith("run/")}
                if all(mine.get(name) == kept[name] for name in ("metrics.json", "model.pt", "config.json")):
                    return
        raise Fault(f"neither the old run nor the new one is whole in {sorted(runs)}")

    def compare(self, when, whole, apart=".replaced"):
        now = contents.contents(self.folder)
        for name in sorted({*now, *whole}):
            if apart not in name and ".replaced" not in name and now.get(name) != whole.get(name):
                kind = "is missing" if name not in now else "is new" if name not in whole else "differs"
                raise Fault(f"{when}: {name} {kind}")


def plan(campaign, command, every, rng):
    """(call, fault, number) of what is to be tried, every `every`-th from a random one on."""
    faults = FAULTS if command.torch else [*FAULTS, MEMORY]
    out, counts = [], {}
    for call, do in faults:
        if call not in counts:
            counts[call] = campaign.calls_of(command, call)
        stride = max(every, counts[call] // 40) if call == "malloc" else every
        first = rng.randrange(stride) + 1
        out += [(call, do, at) for at in range(first, counts[call] + 1, stride)]
    return out


def rng_of(seed):
    return random.Random(seed)
