#!/usr/bin/env python3
"""Installs the Python package as its users do, into a fresh environment, and runs the tests of this folder there, and those of
clients of the server (tests/cli/test_serve_clients.py).

    python3 tests/python/run.py FOLDER [-v]

FOLDER is made anew. 77 says that packages could not be fetched: skipped.
"""

import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
# What tests compare with; where one is missing they say that they are skipped.
BESIDE = ["safetensors", "mypy", "tritonclient[grpc,http]", "faiss-cpu", "schemathesis"]


def main():
    folder = pathlib.Path(sys.argv[1]).resolve()
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin/python"

    def install(*what, **how):
        command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *what]
        return subprocess.run(command, **how).returncode == 0

    if not install("numpy"):
        print("numpy cannot be fetched: skipped")
        return 77
    if not install(ROOT):
        print("pip install . failed")
        return 1
    for package in BESIDE:
        if not install(package):
            print(f"{package} cannot be fetched: its tests are skipped")
    # From another folder, so that nothing of the source tree is imported in place of what is installed.
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    tests = [python, "-m", "unittest", "discover", "-s", HERE, "-p", "test_*.py", *sys.argv[2:]]
    clients = [python, ROOT / "tests/cli/test_serve_clients.py", *sys.argv[2:]]
    failed = [subprocess.run(words, cwd=folder, env=environment).returncode for words in (tests, clients)]
    return 1 if any(code not in (0, 77) for code in failed) else 0


if __name__ == "__main__":
    sys.exit(main())
