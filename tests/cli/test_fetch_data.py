"""scripts/fetch_data.sh against a server of this test's own, which breaks off half-way, serves damaged files, or isn't there."""

import contextlib
import gzip
import http.server
import os
import pathlib
import random
import shutil
import socket
import subprocess
import tempfile
import threading
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMICS = "goodreads_reviews_comics_graphic.json.gz"
FANTASY = "goodreads_fantasy.tsv"
FANTASY_REVIEWS = "goodreads_reviews_fantasy_paranormal.json.gz"
TOOLS = "awk bash cat dirname env gzip head mkdir mv rm sed sleep tr wc".split()


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


@unittest.skipUnless(shutil.which("curl") or shutil.which("wget"), "neither curl nor wget is installed")
class FetchData(unittest.TestCase):
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

    def path_with_only(self, tool):
        folder = self.dir / f"only-{tool}"
        folder.mkdir()
        for name in [*TOOLS, tool]:
            (folder / name).symlink_to(shutil.which(name))
        return str(folder)

    def test_resumes_after_a_break(self):
        body = reviews(2000, 150, 70)
        for tool in filter(shutil.which, ("curl", "wget")):
            with self.subTest(tool=tool), serving({COMICS: body}, broken=2) as server:
                self.data = self.dir / f"data-{tool}"
                out, lines = self.fetch(address(server), "comics", LATENT_COMICS_REVIEWS="2000", PATH=self.path_with_only(tool))
                self.assertIn("2000 reviews, 150 users, 70 books", out)
                half = len(body) // 2
                self.assertEqual(server.asked, [None, f"bytes={half}-", f"bytes={half + (len(body) - half) // 2}-"])
                self.assertEqual(len(lines), 2, lines)
                self.assertEqual((self.data / COMICS).read_bytes(), body)
                self.assertEqual([f.name for f in self.data.iterdir()], [COMICS])

    def test_goes_on_with_what_an_earlier_run_left(self):
        body = reviews(2000, 150, 70)
        counts = {"LATENT_FANTASY_USERS": "150", "LATENT_FANTASY_BOOKS": "70"}
        for left in (1000, len(body)):  # all of it: the earlier run was stopped before it could check
            with self.subTest(left=left), serving({FANTASY_REVIEWS: body}) as server:
                self.data = self.dir / f"data-{left}"
                self.data.mkdir()
                (self.data / f"{FANTASY_REVIEWS}.part").write_bytes(body[:left])
                self.fetch(address(server), "fantasy_reviews", **counts)
                self.assertEqual(server.asked[0], f"bytes={left}-")
                self.assertEqual((self.data / FANTASY_REVIEWS).read_bytes(), body)

    def test_says_that_the_server_went_away(self):
        self.data.mkdir()
        (self.data / f"{COMICS}.part").write_bytes(b"1234")
        line = self.fetch(closed_port(), "comics", code=1)[1][-1]
        self.assertIn("no network", line)
        self.assertIn("keeps 4 bytes, run this again to go on", line)

    def test_does_not_fetch_twice(self):
        with serving({COMICS: reviews(50, 5, 5), FANTASY: b"u\ti\t5\nv\ti\t4\n"}) as server:
            for _ in range(2):
                out, lines = self.fetch(address(server), "comics", FANTASY, LATENT_COMICS_REVIEWS="50")
                self.assertEqual(lines, [])
            self.assertEqual(out.count("is there already"), 2)
            self.assertEqual(len(server.asked), 2)

    def test_removes_a_damaged_file(self):
        body = bytearray(reviews(2000, 150, 70))
        body[len(body) // 2] ^= 0xFF
        for name, damaged in (("a changed byte", bytes(body)), ("cut off", bytes(body)[:900]), ("a web page", b"<html>sign in</html>")):
            with self.subTest(name), serving({COMICS: damaged}) as server:
                self.assertRegex(self.complaint(address(server), "comics"), rf"{COMICS} is damaged \(.+\): removed, run this again")
                self.assertEqual(list(self.data.iterdir()), [])

    def test_refuses_other_counts(self):
        with serving({COMICS: reviews(50, 5, 7), FANTASY_REVIEWS: reviews(50, 5, 7)}) as server:
            self.assertIn("has 50 reviews instead of 542338", self.complaint(address(server), "comics"))
            self.assertIn("has 5 users and 7 books instead of 256088 and 258212", self.complaint(address(server), "fantasy_reviews"))
            self.assertEqual(sorted(f.name for f in self.data.iterdir()), [f"{COMICS}.part", f"{FANTASY_REVIEWS}.part"])

    def test_refuses_a_table_without_tabs(self):
        with serving({FANTASY: b"u\ti\t5\nv,i,4\n"}) as server:
            self.assertIn("not user, item, rating between tabs (line 2)", self.complaint(address(server), "fantasy"))

    def test_says_that_there_is_no_network(self):
        for tool in filter(shutil.which, ("curl", "wget")):
            with self.subTest(tool=tool):
                line = self.complaint(closed_port(), "comics", PATH=self.path_with_only(tool))
                self.assertIn("no network, or nothing answers there", line)
                self.assertEqual(list(self.data.iterdir()), [])

    def test_goes_on_to_the_next_file_after_a_failure(self):
        with serving({FANTASY: b"u\ti\t5\n"}) as server:
            out, lines = self.fetch(address(server), "comics", "fantasy", code=1)
            self.assertRegex(lines[0], "HTTP (404|error)")
            self.assertIn("1 ratings", out)

    def test_a_server_that_cannot_resume(self):
        with serving({COMICS: reviews(50, 5, 5)}, ranges=False) as server:
            self.data.mkdir()
            (self.data / f"{COMICS}.part").write_bytes(b"1234")
            line = self.fetch(address(server), "comics", code=1)[1][-1]
            self.assertRegex(line, "cannot resume|broken off|damaged")

    def test_unknown_name(self):
        _, lines = self.fetch("http://127.0.0.1", "comic", code=2)
        self.assertEqual(lines, ["fetch_data: unknown name 'comic'; there are comics, fantasy and fantasy_reviews"])


def closed_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return "http://127.0.0.1:%d" % free.getsockname()[1]


if __name__ == "__main__":
    unittest.main()
