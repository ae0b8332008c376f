"""scripts/fetch_data.sh and the notebook's files, from a server that breaks off half-way, serves damaged files, or isn't there."""

import unittest

from fetch_case import COMICS, FANTASY, FANTASY_REVIEWS, GETTERS, Case, address, closed_port, needs_a_getter, reviews, serving

NAMES = "comics, fantasy, fantasy_reviews, ml-100k, ml-1m, ml-latest-small, goodbooks-10k, hetrec-lastfm, ml-1m-ranking, lastfm-ranking"


@needs_a_getter
class FetchData(Case):
    def test_resumes_after_a_break(self):
        body = reviews(2000, 150, 70)
        for tool in GETTERS:
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
        for tool in GETTERS:
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
        self.assertEqual(lines, ["fetch_data: unknown name 'comic'; there are " + NAMES])

    def test_says_the_terms_and_how_to_train(self):
        with serving({COMICS: reviews(50, 5, 5)}) as server:
            out, _ = self.fetch(address(server), "comics", LATENT_COMICS_REVIEWS="50")
        self.assertIn("\n  terms  academic use; cite Wan and McAuley", out)
        self.assertIn(f"latent train configs/notebook/lfm_torch.json --set data.path={self.data / COMICS}\n", out)


if __name__ == "__main__":
    unittest.main()
