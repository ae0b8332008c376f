"""What must not matter does not matter, and what must matter does."""

import gzip
import json

import support

ROWS = support.random_rows(60, 40, 900)


class Properties(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        support.write_rows(cls.dir / "d.csv", ROWS)
        support.write_config(cls.dir / "config.json", data="d.csv", split={"test": 0.2, "valid": 0.1}, model={"factors": 3},
                             train={"steps": 20, "batch_size": 300, "lr": 0.03, "threads": 1}, eval={"metrics": "all"})
        support.Case.train(cls(), "run")

    def outcome(self, run):
        """All that a run's figures and weights say: equal only for equal runs."""
        metrics = self.json(f"{run}/metrics.json")
        tables = support.read_checkpoint(self.checkpoints(run)[-1])[1]
        return metrics["test"], metrics["valid"], {name: table.tobytes() for name, table in tables.items()}

    def ids(self, run):
        model = support.load_model(self.dir / run / "model.pt")
        return list(model.user_ids), list(model.item_ids)

    def info(self, path, *sets):
        return json.loads(self.latent("data", "info", path, "--json", *support.set_options(sets)).stdout)

    def test_the_same_rows_in_any_wrapping_train_the_same_model(self):
        text = support.csv_text(ROWS)
        quoted = support.csv_text([(f'"{user}"', item, rating) for user, item, rating in ROWS])
        lines = "".join(json.dumps({"user_id": u, "book_id": i, "rating": r, "note": "x"}) + "\n" for u, i, r in ROWS)
        wrappings = {
            "d.csv.gz": gzip.compress(text.encode()), "gz-by-content": gzip.compress(text.encode()),
            "two-members.gz": gzip.compress(text[:500].encode()) + gzip.compress(text[500:].encode()),
            "crlf.csv": text.replace("\n", "\r\n").encode(), "no-last-newline.csv": text.rstrip("\n").encode(),
            "blank-lines.csv": text.replace("\n", "\n\n").encode(), "bom.csv": b"\xef\xbb\xbf" + text.encode(),
            "quoted.csv": quoted.encode(), "tabs.tsv": text.replace(",", "\t").encode(),
            "no-header.csv": text.split("\n", 1)[1].encode(), "lines.json": lines.encode(),
            "lines.json.gz": gzip.compress(lines.rstrip("\n").encode()),
        }
        for name, content in wrappings.items():
            with self.subTest(name):
                (self.dir / name).write_bytes(content)
                self.train(f"of-{name}", f"data.path={name}")
                self.assertEqual(self.outcome(f"of-{name}"), self.outcome("run"))

    def test_the_cache_changes_nothing(self):
        self.train("cached")
        self.train("uncached", "data.cache_dir=none")
        self.assertEqual(self.outcome("cached"), self.outcome("run"))
        self.assertEqual(self.outcome("uncached"), self.outcome("run"))
        (self.dir / "c.csv").write_text(support.csv_text(ROWS))
        self.assertEqual(self.info("c.csv")["rows"], 900)
        (self.dir / "c.csv").write_text(support.csv_text(ROWS[:500]))
        self.assertEqual(self.info("c.csv")["rows"], 500)

    def test_ids_are_numbered_by_first_appearance_over_the_whole_file(self):
        for sets in [[], ["split.seed=7"], ["split.test=0.5", "train.rows=all"]]:
            run = "ids" + "".join(sets).replace("=", "-")
            self.train(run, *sets)
            self.assertEqual(self.ids(run), tuple(list(dict.fromkeys(row[n] for row in ROWS)) for n in (0, 1)))

    def test_rows_below_the_threshold_are_as_if_they_were_not_in_the_file(self):
        kept = [row for row in ROWS if row[2] >= 3]
        support.write_rows(self.dir / "kept.csv", kept)
        self.train("threshold", "data.positive_at_least=3")
        self.train("kept", "data.path=kept.csv")
        self.assertEqual(self.outcome("threshold"), self.outcome("kept"))
        self.assertEqual(self.ids("threshold")[0], list(dict.fromkeys(row[0] for row in kept)))

    def test_several_files_number_their_ids_train_valid_test(self):
        parts = {"train": ROWS[:500], "valid": [("late", "i1", 3), *ROWS[500:600]], "test": [("later", "new", 2), *ROWS[600:]]}
        for part, rows in parts.items():
            support.write_rows(self.dir / f"{part}.csv", rows)
        no_shares = ["split.test=0.1", "split.valid=0"]  # the defaults: files have no use for the config's own
        self.train("files", "split.kind=files", *no_shares, "data.path=train.csv", "data.valid_path=valid.csv", "data.test_path=test.csv")
        every = [*parts["train"], *parts["valid"], *parts["test"]]
        self.assertEqual(self.ids("files"), tuple(list(dict.fromkeys(row[n] for row in every)) for n in (0, 1)))
        metrics = self.json("files/metrics.json")
        self.assertEqual((metrics["valid"]["interactions"], metrics["test"]["interactions"]), (101, 301))

    def test_leave_one_out_holds_each_users_newest_row(self):
        rows = [(user, item, rating, (n * 7919) % 1000) for n, (user, item, rating) in enumerate(ROWS)]
        (self.dir / "time.csv").write_text(support.csv_text(rows, "user_id,item_id,rating,timestamp"))
        self.train("newest", "data.path=time.csv", "split.kind=leave_one_out")
        self.latent("evaluate", "newest", "--predictions", "newest.csv")
        held = {tuple(line.split(",")[:2]) for line in (self.dir / "newest.csv").read_text().splitlines()[1:]}
        newest = {}
        for user, item, _, time in sorted(rows, key=lambda row: row[3]):
            newest[user] = item
        self.assertEqual(held, set(newest.items()))

    def test_a_run_on_all_rows_is_labelled_leaked(self):
        done = self.train("leaked", "train.rows=all", "model.name=bpr")
        metrics = self.json("leaked/metrics.json")
        self.assertIs(metrics["test"]["leaked"], True)
        self.assertIs(metrics["valid"]["leaked"], True)  # those rows were trained on too
        self.assertIn("test (leaked)", done.stdout.splitlines()[0])
        self.assertIn("test (leaked)", self.latent("evaluate", "leaked/model.pt").stdout)
        self.assertNotIn("leaked", self.latent("evaluate", "run").stdout)
        self.assertNotIn("leaked", self.json("run/metrics.json")["test"])

    def test_a_run_without_test_rows_is_legal(self):
        done = self.train("no-test", "split.test=0")
        self.assertEqual(self.json("no-test/metrics.json")["test"], {})
        self.assertNotIn("test", done.stdout)
        done = self.train("nothing-held-out", "split.test=0", "split.valid=0")
        self.assertEqual(done.stdout.strip(), "")
        self.assertTrue((self.dir / "nothing-held-out/model.pt").exists())

    def test_repeated_rows(self):
        support.write_rows(self.dir / "twice.csv", [("u", "i", 1), ("v", "i", 5), ("u", "i", 4), ("u", "j", 2), ("u", "i", 4)])
        for policy, rows, total in [("keep", 5, 16), ("last", 3, 11), ("mean", 3, 10), ("once", 3, 8)]:
            info = self.info("twice.csv", f"data.duplicates={policy}")
            self.assertEqual((info["rows"], info["rating_sum"]), (rows, total), policy)

    def test_row_filters(self):
        rows = [("a", "x", 0), ("a", "y", 3), ("b", "x", 4), ("b", "y", 0), ("c", "y", 5), ("c", "z", 1)]
        support.write_rows(self.dir / "few.csv", rows)
        self.assertEqual(self.info("few.csv", "data.drop_zero=true")["rows"], 4)
        self.assertEqual(self.info("few.csv", "data.rating=none")["rating_sum"], 6)
        core = self.info("few.csv", "data.min_user=2", "data.min_item=2")  # z goes, then c, and then all counts hold
        self.assertEqual((core["rows"], core["users"], core["items"]), (4, 2, 2))

    def test_bad_rows_can_be_skipped(self):
        support.write_rows(self.dir / "mixed.csv", [*ROWS[:50], ("u", "i", "bad"), *ROWS[50:], ("u",)])
        self.train("skipping", "data.path=mixed.csv", "data.on_bad_row=skip")
        self.assertEqual(self.outcome("skipping"), self.outcome("run"))

    def test_seeds(self):
        self.train("again")
        self.assertEqual(self.outcome("again"), self.outcome("run"))
        self.train("train-seed", "train.seed=1")
        self.train("split-seed", "split.seed=1")
        whole, other, parts = (self.outcome(run) for run in ["run", "train-seed", "split-seed"])
        self.assertNotEqual(other[2], whole[2])
        self.assertEqual(other[0]["baseline_mse"], whole[0]["baseline_mse"])
        self.assertNotEqual(parts[0]["baseline_mse"], whole[0]["baseline_mse"])


if __name__ == "__main__":
    support.main()
