#!/usr/bin/env python3
"""Damages model files in all ways that scripts/damaged.py knows and asks program, library, Python package and server of each.

    scripts/damage_models.py [--count 500] [--asan] [--program build/release/latent]

A damaged file is refused by one line, or answers exactly as the whole one does. A forgery, whose checksums fit again, may
answer otherwise, as another model would. Nothing else is allowed: no crash, no error without words, no answer of 500. With
--asan everything that is asked is built under build/readers-asan and build/asan-python with the address and undefined-
behaviour sanitizers, whose reports are failures too. Models of several kinds, as .pt, .safetensors, and npz (which is no
model file, and refused). Files that failed stay in --keep. Exits with 1 on a failure.
"""

import argparse
import collections
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import damaged
import soak

ROOT = pathlib.Path(__file__).resolve().parents[1]
FLAGS = "-O1 -fno-omit-frame-pointer -fsanitize=address,undefined"
KINDS = {"svd": ["train.epochs=2"], "bpr": ["train.steps=20"], "bayesian_mf": ["bayes.burn_in=1", "bayes.samples=3", "bayes.thin=1"], "svdpp": ["train.epochs=2"],
         "ials": ["train.epochs=2"], "popularity": []}
USERS, ITEMS = 30, 40


def run(*words, **how):
    return subprocess.run([str(word) for word in words], check=True, capture_output=True, text=True, **how)


def trained(program, folder):
    """{name: bytes} of whole model files."""
    rows = [f"u{u},Ж{i},{1 + (u * 3 + i * 5) % 5}\n" for u in range(USERS) for i in range(ITEMS) if (u * 7 + i * 3) % 4 == 0]
    (folder / "d.csv").write_text("user_id,item_id,rating\n" + "".join(rows), encoding="utf-8")
    (folder / "c.json").write_text('{"data": {"path": "d.csv"}, "split": {"test": 0, "valid": 0}}')
    out = {}
    for kind, sets in KINDS.items():
        words = [word for text in [f"model.name={kind}", *([] if kind == "popularity" else ["model.factors=4"]), *sets] for word in ("--set", text)]
        run(program, "train", "c.json", "--run-dir", kind, *words, cwd=folder)
        for end in ["pt", "safetensors"] + ["npz"] * (kind == "svd"):
            run(program, "export", kind, "-o", f"{kind}.{end}", *["--format", "npz"] * (end == "npz"), cwd=folder)
            out[f"{kind}.{end}"] = (folder / f"{kind}.{end}").read_bytes()
    return out


def with_nanobind():
    """A Python that has what the package is built with, made once."""
    folder = ROOT / "build/asan-venv"
    if not (folder / "done").exists():
        run(sys.executable, "-m", "venv", folder)
        run(folder / "bin/pip", "install", "--quiet", "--disable-pip-version-check", "numpy", "nanobind")
        (folder / "done").touch()
    return folder / "bin/python"


def sanitized(python, ways):
    """Builds with the sanitizers what is to be asked: (program, library's asker, folder with the Python package)."""
    serving, package = ROOT / "build/readers-asan", ROOT / "build/asan-python"
    if not (serving / "CMakeCache.txt").exists():
        run("cmake", "--preset", "readers-asan", *["-DCMAKE_UNITY_BUILD=ON"] * ("LATENT_UNITY" in os.environ), cwd=ROOT)
    targets = ["latent"] * bool(ways & {"program", "server"}) + ["latent_answer_files"] * ("library" in ways)
    if targets:
        subprocess.run(["cmake", "--build", serving, "--target", *targets], check=True, stdout=sys.stderr)
    if "python" not in ways:
        return serving / "latent", serving / "latent_answer_files", package / "site"
    if not (package / "CMakeCache.txt").exists():
        run("cmake", "-S", ROOT, "-B", package, "-DLATENT_ONLY_PYTHON=ON", "-DCMAKE_BUILD_TYPE=Debug", f"-DCMAKE_CXX_FLAGS={FLAGS}", f"-DPython_EXECUTABLE={python}",
            f"-Dnanobind_DIR={run(python, '-m', 'nanobind', '--cmake_dir').stdout.strip()}")
    subprocess.run(["cmake", "--build", package], check=True, stdout=sys.stderr)
    site = package / "site/latent"
    shutil.rmtree(site, ignore_errors=True)
    shutil.copytree(ROOT / "python/latent", site)
    for built in package.rglob("_native*.so"):
        if site not in built.parents:
            shutil.copy(built, site)
    return serving / "latent", serving / "latent_answer_files", package / "site"


class Asker:
    """A process that is told paths and answers a line each; started again when it ends."""

    def __init__(self, command, environment):
        self.command, self.environment, self.process = [str(word) for word in command], environment, None

    def ask(self, path):
        if self.process is None:
            self.process = subprocess.Popen(self.command, env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", errors="replace")
        try:
            self.process.stdin.write(f"{path}\n")
            self.process.stdin.flush()
        except OSError:
            pass
        line = self.process.stdout.readline()
        if line:
            return line.rstrip("\n")
        _, said = self.process.communicate()
        code, self.process = self.process.returncode, None
        return f"crashed with {code}: {said[-3000:]}"

    def close(self):
        if self.process is None:
            return ""
        process, self.process = self.process, None
        _, said = process.communicate()
        return "" if process.returncode == 0 and "Sanitizer" not in said else f"ended with {process.returncode}: {said[-3000:]}"


class Program:
    """Commands of the program that read a model, each a process."""

    def __init__(self, program, folder, environment):
        self.program, self.folder, self.environment = program, folder, environment
        (folder / "users.txt").write_text("".join(f"u{n}\n" for n in range(USERS)))

    def ask(self, path):
        out = []
        for words in [["recommend", path, "--users", "users.txt", "-o", "-"], ["recommend", path, "--items", "Ж1:4,Ж2:1", "--json"], ["similar", path, "--item", "Ж3", "--json"],
                      ["explain", path, "--user", "u1", "--item", "Ж2", "--json"], ["predict", path, "u1", "Ж2", "--json"]]:
            done = subprocess.run([self.program, *map(str, words)], cwd=self.folder, env=self.environment, capture_output=True, text=True, errors="replace", timeout=300)
            complaint = [line for line in done.stderr.splitlines() if line.startswith("latent: ")]
            if done.returncode not in (0, 1) or "Sanitizer" in done.stderr or "runtime error" in done.stderr or (done.returncode == 1 and len(complaint) != 1):
                return f"crashed with {done.returncode}: {words[0]}: {done.stderr[-3000:]}"
            if done.returncode == 1 and "damaged" in done.stderr:
                return f"refused {complaint[0]}"
            # What cannot be asked of a model of this kind is an answer.
            out.append(done.stdout + done.stderr.replace(str(path), ""))
        return "answers " + "".join(out)

    def close(self):
        return ""


class Swapped:
    """A server whose file is replaced by each."""

    QUESTIONS = [("", "/recommend", b'{"users": ["u1", "u2", "u3"]}', {}), ("", "/similar", '{"item": "Ж3"}'.encode(), {}), ("", "/fold-in", '{"items": ["Ж1", "Ж2"]}'.encode(), {}),
                 ("", "/score", '{"user": "u1", "item": "Ж2"}'.encode(), {}), ("", "/explain", '{"user": "u1", "item": "Ж2"}'.encode(), {}), ("", "/find?text=1", None, {})]

    def __init__(self, program, folder, environment, whole):
        self.live = folder / "served"
        self.live.write_bytes(whole)
        self.server = soak.Server(program, self.live, environment)
        self.refused = False

    def answers(self):
        connection = self.server.connection()
        got = [soak.ask(connection, question) for question in self.QUESTIONS]
        connection.close()
        if any(status >= 500 for status, _ in got):
            return f"crashed: an answer of 500 or above: {got}"
        return f"answers {got}"

    def ask(self, path):
        try:
            before = self.server.counters()
            shutil.copy(path, self.live.with_suffix(".next"))
            os.replace(self.live.with_suffix(".next"), self.live)
            self.server.process.send_signal(signal.SIGHUP)
            until = time.monotonic() + 60
            while (now := self.server.counters()) == before:
                if time.monotonic() > until:
                    return "crashed: neither loaded nor refused"
                time.sleep(0.02)
            said = self.answers()
            return f"refused {said}" if now["loaded"] == before["loaded"] and said.startswith("answers") else said
        except OSError as error:
            return f"crashed: {error} {self.close()}"

    def close(self):
        self.server.process.terminate()
        code = self.server.process.wait(120)
        said = "".join(self.server.said)
        return "" if code == 0 and "Sanitizer" not in said and "runtime error" not in said else f"the server ended with {code}: {said[-3000:]}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--first", type=int, default=0, help="the first damage's number")
    parser.add_argument("--asan", action="store_true", help="build with sanitizers, and ask those builds")
    parser.add_argument("--ways", nargs="+", choices=["program", "library", "server", "python"], default=["program", "library", "server", "python"], help="of asking (default: all)")
    parser.add_argument("--program", default="build/release/latent", help="trains the models; without --asan it is asked too")
    parser.add_argument("--library", help="latent_answer_files (default: beside the program)")
    parser.add_argument("--python", help="one that has the package (without it Python is left out); with --asan one that has nanobind and numpy (default: made in build/asan-venv)")
    parser.add_argument("--keep", type=pathlib.Path, help="a folder for files that failed")
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="latent-damage-"))
    program = pathlib.Path(options.program).resolve()
    chosen = set(options.ways)
    options.python = options.python or (with_nanobind() if options.asan and "python" in chosen else sys.executable)
    asked, library, environment = program, pathlib.Path(options.library or program.parent / "latent_answer_files").resolve(), dict(os.environ)
    python_environment = dict(environment)
    if options.asan:
        asked, library, package = sanitized(options.python, chosen)
        environment["UBSAN_OPTIONS"] = "halt_on_error=1:print_stacktrace=1"
        # The C++ library too: without it the sanitizer does not find what throws exceptions.
        runtime = " ".join(run("c++", f"-print-file-name={name}").stdout.strip() for name in ("libasan.so", "libstdc++.so"))
        python_environment = {**environment, "LD_PRELOAD": runtime, "ASAN_OPTIONS": "detect_leaks=0", "PYTHONPATH": str(package)}
    ways = {}
    try:
        files = trained(program, folder)
        if "program" in chosen:
            ways["program"] = Program(asked, folder, environment)
        if "library" in chosen and not library.exists():
            print(f"there is no {library}: the library is not asked", file=sys.stderr)
        elif "library" in chosen:
            ways["library"] = Asker([library], environment)
        if "server" in chosen:
            ways["server"] = Swapped(asked, folder, environment, files["svd.pt"])
        probe = subprocess.run([options.python, "-c", "import latent"], env=python_environment, cwd=folder, capture_output=True, text=True)
        if "python" in chosen and probe.returncode == 0:
            ways["python"] = Asker([options.python, ROOT / "tests/serve/answer_files.py"], python_environment)
        elif "python" in chosen and options.asan:
            sys.exit(probe.stderr)
        whole, tally, failures = {}, collections.Counter(), []
        began = time.monotonic()
        for n in range(options.first, options.first + options.count):
            if n > options.first and (n - options.first) % 50 == 0:
                print(f"{n - options.first} files, {len(failures)} failures, {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
            # Other pairs of file and damage as n goes on: the numbers of both have no common divisor.
            name = list(files)[n % len(files)]
            kind, forged, bytes_ = damaged.damaged(files[name], n)
            for way, asker in ways.items():
                if (name, way) not in whole:
                    whole[name, way] = asker.ask(folder / name)
                    assert whole[name, way].startswith("refused" if name.endswith("npz") else "answers"), (name, way, whole[name, way])
                path = folder / ("asked" + pathlib.Path(name).suffix)  # what is said of it speaks of damage
                path.write_bytes(bytes_)
                got = asker.ask(path)
                outcome = got.split(" ", 1)[0].rstrip(":")
                if outcome == "answers":
                    outcome = "alike" if got == whole[name, way] else "otherwise"
                tally[kind, way, outcome] += 1
                if outcome == "crashed" or (outcome == "otherwise" and not forged):
                    failures.append(f"damage {n} ({kind} of {name}) by {way}: {got if outcome == 'crashed' else 'answers otherwise'}")
                    if options.keep:
                        options.keep.mkdir(parents=True, exist_ok=True)
                        shutil.copy(path, options.keep / f"{n}-{kind}-{name}")
                if outcome != "refused" and way == "server":  # the next one is beside a whole model again
                    asker.ask(folder / "svd.pt")
        for way, asker in ways.items():
            if said := asker.close():
                failures.append(f"{way}: {said}")
    finally:
        for asker in ways.values():
            asker.close()
        shutil.rmtree(folder, ignore_errors=True)
    for kind in dict.fromkeys(kind for kind, _, _ in tally):
        print(f"{kind:20}", *(f"{way}: " + ", ".join(f"{tally[kind, way, outcome]} {outcome}" for outcome in ("refused", "alike", "otherwise", "crashed") if tally[kind, way, outcome])
                              for way in ways), sep="  ")
    print(f"{options.count} damaged files, {len(ways)} ways of asking ({', '.join(ways)}), {len(failures)} failures")
    for line in failures[:20]:
        print(line, file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
