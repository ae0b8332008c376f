"""Files as people hold them: read rightly, or refused with the knob that decides; and what is said of how they were read."""

import json
import subprocess
import threading

import support

CASES = json.loads((support.ROOT / "tests/data/field_cases.json").read_text(encoding="utf-8"))["cases"]
TIED = "user,item,rating,time\n" + "".join(f"u{n % 7},i{n % 11},{n % 4 + 1},{n}\n" for n in range(40))


class Reading(support.Case):
    def write(self, name, text, encoding="utf-8"):
        path = self.dir / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return name

    def info(self, name, *sets):
        done = self.latent("data", "info", name, "--json", *support.set_options(["data.cache_dir=none", *sets]))
        return json.loads(done.stdout)

    def counts(self, name, *sets):
        got = self.info(name, *sets)
        return got["rows"], got["users"], got["items"], round(got["rating_sum"], 4)

    def newest(self, user, name, *sets):
        """The item that leave_one_out holds out for `user`."""
        support.write_config(self.dir / "newest.json", data=name, model={"name": "mean"}, split={"kind": "leave_one_out"}, export={"auto": False})
        self.train("newest", *sets, config="newest.json", flags=["--overwrite"])
        self.latent("evaluate", "newest", "--predictions", "newest.csv")
        return dict(line.split(",")[:2] for line in (self.dir / "newest.csv").read_text().splitlines())[user]


class FieldCases(Reading):
    def test_every_case_holds(self):
        for case in CASES:
            with self.subTest(case["kind"]):
                name = self.write(case["file"], case["text"], case["encode"])
                sets = support.set_options(["data.cache_dir=none", *(f"{k}={v}" for k, v in case["knobs"].items())])
                words = ["data", "info", name, "--json", *sets]
                if "refused" in case:
                    said = self.complaint(*words)
                    self.assertIn(name, said)
                    self.assertTrue(any(word.lower() in said.lower() for word in case["refused"]), said)
                    continue
                got, want = json.loads(self.latent(*words).stdout), case["reads"]
                for key in ["rows", "users", "items", "time"]:
                    if key in want:
                        self.assertEqual(got[key], want[key], key)
                if "sum" in want:
                    self.assertAlmostEqual(got["rating_sum"], want["sum"], places=4)
                for user, item in want.get("newest", {}).items():
                    self.assertEqual(self.newest(user, name), item)


    def test_counts_that_are_kept_say_what_reading_does(self):
        filters = ["data.drop_zero=true", "data.min_user=1", "data.duplicates=last"]
        for n, case in enumerate(case for case in CASES if "refused" not in case):
            name = self.write(case["file"], case["text"], case["encode"])
            knobs = [*(f"{k}={v}" for k, v in case["knobs"].items()), *(filters if n % 2 else [])]
            words = ["data", "info", name, "--json", *support.set_options(knobs)]
            done = [self.latent(*words, "--set", f"data.cache_dir={folder}").stdout for folder in ("none", "kept", "kept")]
            with self.subTest(case["kind"], knobs=knobs):
                self.assertEqual(done[1:], [done[0], done[0]])


class Times(Reading):
    def test_fractions_of_a_second_and_of_a_day_order_rows(self):
        for stamps in [("0.25", "0.75", "0.5"), ("1420070400.1", "1420070400.9", "1420070400.5"),
                       ("2015-01-01T00:00:00.001Z", "2015-01-01T00:00:00.003Z", "2015-01-01T00:00:00.002Z")]:
            rows = "".join(f"a,{item},1,{stamp}\n" for item, stamp in zip("xyz", stamps))
            name = self.write("fractions.csv", "user,item,rating,time\n" + rows)
            self.assertEqual(self.newest("a", name, "data.cache_dir=none"), "y")
            self.assertEqual(self.newest("a", name), "y")
            self.assertEqual(self.newest("a", name), "y", "from the cache")


class Pipes(Reading):
    def piped(self, text, *words):
        return subprocess.run(support.command(*words), cwd=self.dir, env=support.environment(self.dir), input=text, capture_output=True,
                              encoding="utf-8", timeout=100)

    def test_a_dash_is_standard_input_for_every_command_that_reads_rows(self):
        done = self.piped(TIED, "data", "info", "-", "--json")
        self.assertEqual(json.loads(done.stdout)["rows"], 40, done.stderr)
        support.write_config(self.dir / "dash.json", data="-", train={"steps": 2, "batch_size": 10})
        done = self.piped(TIED, "train", "dash.json", "--run-dir", "dash")
        self.assertEqual(done.returncode, 0, done.stderr)
        done = self.piped(TIED, "evaluate", "dash")
        self.assertEqual(done.returncode, 0, done.stderr)
        done = self.piped("user,item\nu1,i1\nu2,i3\n", "predict", "dash", "--pairs", "-", "-o", "pairs.csv")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len((self.dir / "pairs.csv").read_text().splitlines()), 3)
        done = self.piped("u1\nu2\n", "recommend", "dash", "--users", "-", "-o", "lists.csv", "--include-seen")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_fifo_is_opened_once(self):
        import os

        os.mkfifo(self.dir / "fifo")
        writer = threading.Thread(target=lambda: (self.dir / "fifo").write_text(TIED))
        writer.start()
        self.assertEqual(self.info("fifo")["rows"], 40)
        writer.join(10)
        self.assertFalse(writer.is_alive())


class Told(Reading):
    """What `train` and `evaluate` say of a file, and keep of it."""

    def train_on(self, text, *sets, name="told.csv", model="latent_factor"):
        self.write(name, text)
        support.write_config(self.dir / "told.json", data=name, train={"steps": 2, "batch_size": 10}, model={"name": model, "factors": 2})
        return self.train("told", *sets, config="told.json", flags=["--overwrite"]).stderr

    def test_one_line_says_how_the_file_was_read(self):
        line = "read as csv: user 0 (user), item 1 (item), rating 2 (rating), time 3 (time); first row u0, i0, 1; 40 rows, 7 users, 11 items"
        said = self.train_on(TIED)
        self.assertEqual([text for text in said.splitlines() if text.startswith("read as")], [line])
        for source in ["told", "told/model.pt"]:
            self.assertIn(line + "\n", self.latent("evaluate", source).stderr)
        said = self.train_on(TIED.replace(",", ";").replace("user;item;rating;time\n", ""), name="told.txt")
        self.assertIn("read as csv with ';': user 0, item 1, rating 2, time 3; first row u0, i0, 1; 40 rows", said)

    def test_rows_that_were_chosen_or_missing_are_counted(self):
        said = self.train_on(TIED, "data.where=user=u0|u1|u2", "data.missing=[4]")
        self.assertIn("left out by data.where", said)
        self.assertIn("dropped by data.missing", said)

    def test_config_json_keeps_the_names_and_can_be_read_again(self):
        self.train_on(TIED)
        kept = self.json("told/config.json")["read_as"]
        self.assertEqual(kept, {"format": "csv", "separator": ",", "header": True, "user": "user", "item": "item", "rating": "rating", "time": "none"})
        self.train("again", config="told/config.json", flags=["--overwrite"])
        self.assertEqual(self.json("again/config.json")["data"], self.json("told/config.json")["data"])

    def test_notes_on_what_is_seldom_meant(self):
        self.assertNotIn("note:", self.train_on(TIED))
        floats = "user,item,rating\n" + "".join(f"{n % 7}.0,i{n % 5},{n % 4 + 1}\n" for n in range(40))
        self.assertEqual(self.train_on(floats).count("note: all user ids (user) look like whole floats, such as 0.0"), 1)
        negative = TIED.replace(",1,", ",-1,")
        self.assertIn("note: some ratings are negative", self.train_on(negative, model="bpr"))
        self.assertNotIn("note:", self.train_on(negative))
        unique = "row,user,item,rating\n" + "".join(f"{n},u{n % 7},i{n % 5},{n % 4 + 1}\n" for n in range(40))
        self.assertIn("note: user ids (row) are different in every row", self.train_on(unique, "data.user=row"))

    def test_an_unknown_id_gets_a_near_one(self):
        self.train_on("user,item,rating\n" + "".join(f"{n % 7}.0,item{n % 5},{n % 4 + 1}\n" for n in range(40)))
        self.assertIn("unknown user '1'; did you mean '1.0'?", self.complaint("recommend", "told", "--user", "1"))
        self.assertIn("unknown item 'itm2'; did you mean 'item2'?", self.complaint("similar", "told", "--item", "itm2"))
        self.assertIn("unknown user '1'; did you mean '1.0'?", self.complaint("predict", "told", "1", "item1"))
        self.write("ids.txt", "1.0\n2\n")
        self.assertIn("ids.txt:2: unknown user '2'; did you mean '2.0'?", self.complaint("recommend", "told", "--users", "ids.txt", "-o", "x.csv"))
        self.write("pairs.csv", "user,item\n1.0,Item1\n")
        self.assertIn("unknown item 'Item1'; did you mean 'item1'?", self.complaint("predict", "told", "--pairs", "pairs.csv", "-o", "x.csv"))


class Knobs(Reading):
    def test_lists_and_objects_come_from_config_and_command_line_alike(self):
        self.write("events.csv", "user,item,event\na,x,view\na,y,buy\nb,x,view\nb,y,look\n")
        data = {"path": "events.csv", "rating": "event", "rating_map": {"view": 1, "buy": 5, "look": -1}, "missing": [-1], "where": ["item=x|y"]}
        sets = ['data.rating=event', 'data.rating_map={"view":1,"buy":5,"look":-1}', "data.missing=-1", "data.where=item=x|y"]
        self.assertEqual(self.counts("events.csv", *sets), (3, 2, 2, 7))
        support.write_config(self.dir / "lists.json", data=data, train={"steps": 1, "batch_size": 2}, split={"test": 0})
        self.train("lists", config="lists.json")
        kept = self.json("lists/config.json")["data"]
        for knob, value in data.items():
            self.assertEqual(kept[knob], value)
        self.train("lists2", config="lists/config.json")

    def test_what_they_do_not_take(self):
        self.write("good.csv", TIED)
        for text, said in [("data.where=user", "column=value"), ("data.rating_map=[1]", "object of text to number"), ("data.missing=[\"x\"]", "list of numbers"),
                           ("data.decimal=;", "one of . ,"), ("data.header=maybe", "one of auto true false"), ('data.separator=""', "between two columns"),
                           ("data.encoding=utf-16", "one of utf-8 latin-1")]:
            self.assertIn(said, self.complaint("data", "info", "good.csv", "--set", text))
        self.assertIn("data.where: no column 'colour'", self.complaint("data", "info", "good.csv", "--set", "data.where=colour=red"))


if __name__ == "__main__":
    support.main()
