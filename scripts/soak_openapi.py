#!/usr/bin/env python3
"""Lets schemathesis (PyPI) ask `latent serve` what its /openapi.json allows, and what it doesn't, until so many requests have come.

    scripts/soak_openapi.py [REQUESTS] [--program build/release/latent] [--minutes 30]

Needs schemathesis in the Python that runs it. Counts by the server's own /metrics; an answer of 500 or above, a server that
ends, and a run of schemathesis that finds a server error are failures. Exits with 1 on one.
"""

import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import soak


def answered(server):
    """{status: requests}"""
    connection = server.connection()
    text = soak.ask(connection, ("", "/metrics", None, {}))[1].decode()
    connection.close()
    out = {}
    for status, count in re.findall(r'^latent_requests_total\{[^}]*status="(\d+)"\} (\d+)$', text, re.M):
        out[int(status)] = out.get(int(status), 0) + int(count)
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("requests", nargs="?", type=int, default=10_000)
    parser.add_argument("--program", default="build/release/latent")
    parser.add_argument("--examples", type=int, default=100, help="of a run of schemathesis, for each operation")
    parser.add_argument("--minutes", type=float, default=30, help="begin no further run after this time")
    parser.add_argument("--json", help="a file for the figures")
    options = parser.parse_args()
    st = pathlib.Path(sys.executable).parent / "st"
    folder, failures, runs, statuses = pathlib.Path(tempfile.mkdtemp(prefix="latent-soak-")), [], 0, {}
    until = time.monotonic() + 60 * options.minutes
    try:
        files, _, _ = soak.trained(pathlib.Path(options.program).resolve(), folder, short_ids=True)
        (folder / "live.pt").write_bytes(files["svd"])
        with soak.Server(options.program, folder / "live.pt") as server:
            while sum(statuses.values()) < options.requests and time.monotonic() < until and not failures:
                runs += 1
                done = subprocess.run([st, "run", f"http://127.0.0.1:{server.port}/openapi.json", "--checks", "not_a_server_error", "--max-examples", str(options.examples),
                                       "--seed", str(runs)], capture_output=True, text=True, cwd=folder)
                if done.returncode != 0:
                    failures.append(done.stdout[-3000:] + done.stderr[-2000:])
                if server.process.poll() is not None:
                    failures.append(f"the server ended with {server.process.returncode}")
                else:
                    statuses = answered(server)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if any(status >= 500 for status in statuses):
        failures.append(f"answers of 500 and above: {statuses}")
    figures = {"requests": sum(statuses.values()), "runs": runs, "by_status": dict(sorted(statuses.items())), "failed": len(failures)}
    print(json.dumps(figures))
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(figures, indent=1) + "\n")
    for line in failures:
        print(line, file=sys.stderr)
    return 1 if failures or figures["requests"] < options.requests else 0


if __name__ == "__main__":
    sys.exit(main())
