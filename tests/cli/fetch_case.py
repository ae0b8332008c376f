"""What the tests of scripts/fetch_data.sh share: a server that may break off half-way, and a run of the script with it."""

import contextlib
import gzip
import http.server
import os
import pathlib
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMICS = "goodreads_reviews_comics_graphic.json.gz"
FANTASY = "goodreads_fantasy.tsv"
FANTASY_REVIEWS = "goodreads_reviews_fantasy_paranormal.json.gz"
TOOLS = "awk bash cat dirname env gzip mkdir mv rm sed sleep tr wc".split()
GETTERS = [tool for tool in ("curl", "wget") if shutil.which(tool)]
needs_a_getter = unittest.skipUnless(GETTERS, "neither curl nor wget is installed")


def reviews(count, users, books):
    """gz lines as in the notebook's files, some of them Python's way; a text may name the keys again."""
    rng = random.Random(0)
    lines = []
    for n in range(count):
        text = f'{{"user_id": "u{n % users}", "book_id": "{n % books}", "rating": {n % 6}, "review_text": "\'user_id\': \'x{n}\' {rng.random()}"}}'
        lines.append(text if n % 2 else f"{{'user_id': 'u{n % users}', 'book_id': '{n % books}', 'rating': 3, 'review_text': '{rng.random()}'}}")
    return gzip.compress("".join(line + "\n" for line in lines).encode())


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves server.files; the first server.broken answers end half-way; ranges only if server.ranges."""

    def do_GET(self):
        server, body = self.server, self.server.files.get(self.path.removeprefix("/"))
        start = int((self.headers["Range"] or "bytes=0-").split("=")[1].rstrip("-")) if server.ranges else 0
        server.asked.append(self.headers["Range"])
        if body is None or start >= len(body):
            self.send_response(404 if body is None else 416)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        part = body[start:]
        if server.broken > 0:
            server.broken -= 1
            part = part[: len(part) // 2]
        self.wfile.write(part)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def serving(files, broken=0, ranges=True):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.files, server.broken, server.ranges, server.asked = files, broken, ranges, []
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def address(server):
    return "http://127.0.0.1:%d" % server.server_address[1]


class Case(unittest.TestCase):
    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="latent-test-"))
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        self.data = self.dir / "data"

    def fetch(self, url, *names, code=0, **settings):
        """-> stdout, and the lines of stderr"""
        environment = {**os.environ, "no_proxy": "127.0.0.1", "LATENT_DATA_URL": url, "LATENT_DATA_DIR": str(self.data), **settings}
        done = subprocess.run(["bash", ROOT / "scripts/fetch_data.sh", *names], env=environment, capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, code, f"{done.stdout}\n{done.stderr}")
        return done.stdout, done.stderr.splitlines()

    def complaint(self, url, *names, **settings):
        out, lines = self.fetch(url, *names, code=1, **settings)
        self.assertEqual(out, "")
        self.assertEqual(len(lines), 1, lines)
        return lines[0]

    def path_with_only(self, *tools):
        folder = self.dir / "-".join(["only", *tools])
        folder.mkdir()
        for name in [*TOOLS, *tools]:
            (folder / name).symlink_to(os.path.realpath(sys.executable) if name == "python3" else shutil.which(name))
        return str(folder)

    def there(self):
        return sorted(path.name for path in self.data.iterdir())


def closed_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return "http://127.0.0.1:%d" % free.getsockname()[1]
