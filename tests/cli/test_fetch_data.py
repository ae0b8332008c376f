"""scripts/fetch_data.sh against a server of this test's own, which breaks off half-way, serves damaged files, or isn't there; and from folders."""

import contextlib
import gzip
import http.server
import io
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
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMICS = "goodreads_reviews_comics_graphic.json.gz"
FANTASY = "goodreads_fantasy.tsv"
FANTASY_REVIEWS = "goodreads_reviews_fantasy_paranormal.json.gz"
TOOLS = "awk bash cat dirname env gzip mkdir mv rm sed sleep tr wc".split()

# The zips as they are at their addresses, with few rows: name there, folder in it, files, and what they hold.
RATED = [(1, 10, 5), (1, 11, 3), (2, 10, 4), (3, 12, 1)]
ZIPS = {
    "ml-100k": ("ml-100k.zip", "ml-100k/", {
        "u.data": "".join(f"{u}\t{i}\t{r}\t88125094{u}\n" for u, i, r in RATED), "u.item": "10|Toy Story (1995)|x\n", "README": "terms\n"}),
    "ml-1m": ("ml-1m.zip", "ml-1m/", {
        "ratings.dat": "".join(f"{u}::{i}::{r}::97830076{u}\n" for u, i, r in RATED), "movies.dat": "10::Toy Story (1995)::x\n"}),
    "ml-latest-small": ("ml-latest-small.zip", "ml-latest-small/", {
        "ratings.csv": "userId,movieId,rating,timestamp\r\n" + "".join(f"{u},{i},{r}.0,96498270{u}\r\n" for u, i, r in RATED),
        "movies.csv": 'movieId,title,genres\r\n10,"Story, Toy (1995)",x\r\n'}),
    "goodbooks-10k": ("goodbooks-10k.zip", "", {
        "ratings.csv": "user_id,book_id,rating\n" + "".join(f"{u},{i},{r}\n" for u, i, r in RATED), "books.csv": "book_id,title\n10,A\n"}),
    "hetrec-lastfm": ("hetrec2011-lastfm-2k.zip", "", {
        "user_artists.dat": "userID\tartistID\tweight\n" + "".join(f"{u}\t{i}\t{r}00\n" for u, i, r in RATED),
        "artists.dat": "id\tname\turl\n10\tA\tx\n"}),
}
LISTS = {"train": "1 10 11\n2 10\n", "valid": "1\n2\n", "test": "1\n3 12\n"}  # a user alone has no items there


def zip_of(name):
    _, folder, files = ZIPS[name]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("__MACOSX/._x", "y")
        for file, text in files.items():
            archive.writestr(folder + file, text)
    return out.getvalue()


def counts(*names):
    """The settings that let small data sets of these names pass."""
    return {f"LATENT_{name.upper().replace('-', '_')}_COUNTS": "4 3 3" for name in names}


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


@unittest.skipUnless(shutil.which("curl") or shutil.which("wget"), "neither curl nor wget is installed")
class FetchData(Case):
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
        self.assertEqual(lines, ["fetch_data: unknown name 'comic'; there are comics, fantasy, fantasy_reviews, " + ", ".join([*ZIPS, "ml-1m-ranking", "lastfm-ranking"])])

    def test_says_the_terms_and_how_to_train(self):
        with serving({COMICS: reviews(50, 5, 5)}) as server:
            out, _ = self.fetch(address(server), "comics", LATENT_COMICS_REVIEWS="50")
        self.assertIn("\n  terms  academic use; cite Wan and McAuley", out)
        self.assertIn(f"latent train configs/notebook/lfm_torch.json --set data.path={self.data / COMICS}\n", out)


@unittest.skipUnless(shutil.which("curl") or shutil.which("wget"), "neither curl nor wget is installed")
class FetchFolders(Case):
    def test_unpacks_every_zip_into_a_folder_of_its_own_name(self):
        with serving({there: zip_of(name) for name, (there, _, _) in ZIPS.items()}) as server:
            out, lines = self.fetch(address(server), *ZIPS, **counts(*ZIPS))
        self.assertEqual(lines, [])
        self.assertEqual(self.there(), sorted(ZIPS))
        for name, (_, _, files) in ZIPS.items():
            with self.subTest(name):
                self.assertIn(f"{self.data / name}: 4 ratings, 3 users, 3 items\n  terms  ", out)
                self.assertRegex(out, rf"latent train configs/\S+\.json --set data.path={self.data / name}/\S+ --set data.titles.path={self.data / name}/\S+")
                for file, text in files.items():
                    self.assertEqual((self.data / name / file).read_bytes(), text.encode())

    def test_brings_lists_file_by_file_and_goes_on_where_it_stopped(self):
        files = {f"ml-1m/{part}.txt": text.encode() for part, text in LISTS.items()}
        test = files.pop("ml-1m/test.txt")
        with serving(files) as server:
            self.assertRegex(self.complaint(address(server), "ml-1m-ranking"), r"cannot fetch \S+/ml-1m/test.txt: ")
            files["ml-1m/test.txt"] = test
            out, _ = self.fetch(address(server), "ml-1m-ranking", **counts("ml-1m-ranking"))
            self.assertEqual(len(server.asked), 4)  # train, valid, test in vain, test
        self.assertIn("4 ratings, 3 users, 3 items", out)
        self.assertEqual(self.there(), ["ml-1m-ranking"])
        for part, text in LISTS.items():
            self.assertEqual((self.data / f"ml-1m-ranking/{part}.txt").read_text(), text)

    def test_resumes_a_zip_after_a_break_and_an_unpacking_that_was_stopped(self):
        (self.data / "ml-100k.part").mkdir(parents=True)
        (self.data / "ml-100k.part/u.data").write_text("1\t1\t")
        with serving({"ml-100k.zip": zip_of("ml-100k")}, broken=1) as server:
            self.fetch(address(server), "ml-100k", **counts("ml-100k"))
            self.assertEqual(len(server.asked), 2)
        self.assertEqual(self.there(), ["ml-100k"])
        self.assertEqual((self.data / "ml-100k/u.data").read_text(), ZIPS["ml-100k"][2]["u.data"])

    def test_keeps_a_folder_that_holds_what_it_should_and_refuses_another(self):
        with serving({"ml-100k.zip": zip_of("ml-100k")}) as server:
            for _ in range(2):
                out, lines = self.fetch(address(server), "ml-100k", **counts("ml-100k"))
            self.assertEqual((out, lines), (f"{self.data}/ml-100k is there already\n", []))
            line = self.complaint(address(server), "ml-100k")
            self.assertEqual(len(server.asked), 1)
        self.assertEqual(line, f"fetch_data: {self.data}/ml-100k has 4 ratings, 3 users and 3 items instead of 100000, 943 and 1682: "
                               "remove it to fetch it anew")
        self.assertEqual(self.there(), ["ml-100k"])

    def test_another_edition_stays_apart(self):
        with serving({"ml-1m.zip": zip_of("ml-1m")}) as server:
            line = self.complaint(address(server), "ml-1m")
        self.assertIn(f"{self.data}/ml-1m.part has 4 ratings, 3 users and 3 items instead of 1000209, 6040 and 3706", line)
        self.assertEqual(self.there(), ["ml-1m.part"])

    def test_every_known_edition_will_do(self):
        text = "userId,movieId,rating,timestamp\n" + "".join(f"{n % 671},{n % 9066},4,1\n" for n in range(100004))  # as many as in 2016
        folder = self.dir / "from/ml-latest-small"
        folder.mkdir(parents=True)
        (folder / "ratings.csv").write_text(text)
        out, _ = self.fetch("http://127.0.0.1:1", "--from", str(folder.parent), "ml-latest-small")
        self.assertIn("100004 ratings, 671 users, 9066 items", out)

    def test_removes_a_damaged_zip(self):
        body = bytearray(zip_of("ml-100k"))
        for name, damaged in (("cut off", bytes(body)[:100]), ("a web page", b"<html>sign in</html>"), ("another zip", zip_of("goodbooks-10k"))):
            with self.subTest(name), serving({"ml-100k.zip": damaged}) as server:
                self.assertIn("ml-100k.zip is damaged, or holds no u.data: removed, run this again", self.complaint(address(server), "ml-100k"))
                self.assertEqual(self.there(), [])

    def test_unpacks_with_python_where_there_is_no_unzip(self):
        get = shutil.which("curl") and "curl" or "wget"
        with serving({"goodbooks-10k.zip": zip_of("goodbooks-10k")}) as server:
            line = self.complaint(address(server), "goodbooks-10k", PATH=self.path_with_only(get))
            self.assertEqual(line, "fetch_data: neither unzip nor python3 is installed to unpack a zip")
            self.assertEqual(server.asked, [])
            self.fetch(address(server), "goodbooks-10k", PATH=self.path_with_only(get, "python3"), **counts("goodbooks-10k"))
        self.assertEqual(self.there(), ["goodbooks-10k"])

    def test_without_network_one_line_says_so_and_what_else_there_is(self):
        line = self.complaint(closed_port(), "ml-100k")
        self.assertRegex(line, "cannot fetch .*/ml-100k.zip: no network, or nothing answers there; with --from FOLDER it is taken from a folder$")
        self.assertEqual(self.there(), [])


class FromAFolder(Case):
    NOWHERE = "http://127.0.0.1:1"

    def take(self, *names, code=0, folder="from", **settings):
        return self.fetch(self.NOWHERE, "--from", str(self.dir / folder), *names, code=code, **settings)

    def test_takes_folders_gz_or_plain_zips_and_the_notebooks_files(self):
        source = self.dir / "from"
        (source / "ml-100k").mkdir(parents=True)
        (source / "ml-100k/u.data").write_text(ZIPS["ml-100k"][2]["u.data"])
        (source / "lastfm-ranking").mkdir()
        for part, text in LISTS.items():
            (source / f"lastfm-ranking/{part}.txt.gz").write_bytes(gzip.compress(text.encode()))
        (source / "ml-1m.zip").write_bytes(zip_of("ml-1m"))
        (source / "hetrec2011-lastfm-2k.zip").write_bytes(zip_of("hetrec-lastfm"))
        (source / COMICS).write_bytes(reviews(50, 5, 7))
        names = ["ml-100k", "lastfm-ranking", "ml-1m", "hetrec-lastfm"]
        out, lines = self.take(*names, "comics", LATENT_COMICS_REVIEWS="50", **counts(*names))
        self.assertEqual(lines, [])
        self.assertEqual(out.count("4 ratings, 3 users, 3 items"), 4)
        self.assertEqual(self.there(), sorted([*names, COMICS]))
        self.assertEqual((self.data / "ml-100k/u.data").read_text(), ZIPS["ml-100k"][2]["u.data"])
        self.assertEqual((self.data / "lastfm-ranking/train.txt").read_text(), LISTS["train"])

    def test_says_what_the_folder_lacks(self):
        (self.dir / "from").mkdir()
        _, lines = self.take("ml-100k", "comics", code=1)
        self.assertEqual(lines, [f"fetch_data: {self.dir}/from has neither ml-100k/ nor ml-100k.zip", f"fetch_data: {self.dir}/from has no {COMICS}"])
        _, lines = self.take("ml-100k", code=2, folder="none")
        self.assertEqual(lines, [f"fetch_data: --from needs a folder, and there is no '{self.dir}/none'"])

    def test_a_damaged_zip_is_named(self):
        (self.dir / "from").mkdir()
        (self.dir / "from/ml-1m.zip").write_bytes(zip_of("ml-1m")[:99])
        _, lines = self.take("ml-1m", code=1)
        self.assertEqual(lines, [f"fetch_data: {self.dir}/from/ml-1m.zip is damaged, or holds no ratings.dat"])
        self.assertTrue((self.dir / "from/ml-1m.zip").exists())


def closed_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return "http://127.0.0.1:%d" % free.getsockname()[1]


if __name__ == "__main__":
    unittest.main()
