"""scripts/fetch_data.sh and data sets that are folders: unpacked from zips, file by file, or taken from another folder."""

import gzip
import io
import unittest
import zipfile

from fetch_case import COMICS, GETTERS, Case, address, closed_port, needs_a_getter, reviews, serving

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


@needs_a_getter
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
        with serving({"goodbooks-10k.zip": zip_of("goodbooks-10k")}) as server:
            line = self.complaint(address(server), "goodbooks-10k", PATH=self.path_with_only(GETTERS[0]))
            self.assertEqual(line, "fetch_data: neither unzip nor python3 is installed to unpack a zip")
            self.assertEqual(server.asked, [])
            self.fetch(address(server), "goodbooks-10k", PATH=self.path_with_only(GETTERS[0], "python3"), **counts("goodbooks-10k"))
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


if __name__ == "__main__":
    unittest.main()
