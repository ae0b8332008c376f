"""Titles, files of pairs and of users, item filters, and the refit."""
import csv
import gzip
import json
import subprocess
import unittest

import support


def rows_of(path):
    with (gzip.open if str(path).endswith(".gz") else open)(path, "rt") as f:
        return list(csv.DictReader(f))


class Batch(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ratings = cls.dir / "ratings.csv"
        lines = ["user_id,item_id,rating"] + [f"u{u},{100 + i},{1 + (u * i) % 5}" for u in range(12) for i in range(20) if (u + i) % 3]
        cls.ratings.write_text("\n".join(lines) + "\n")
        # item_id is another numbering here: the ratings use `id`.
        titles = ["id,item_id,title"] + [f'{100 + i},{900 + i},"Title {i}, ""quoted"""' for i in range(20)]
        (cls.dir / "titles.csv").write_text("\n".join(titles) + "\n")
        cls.config = cls.dir / "config.json"
        cls.config.write_text(json.dumps({
            "data": {"path": str(cls.ratings), "titles": {"path": str(cls.dir / "titles.csv")}, "cache_dir": "none"},
            "split": {"test": 0.1, "valid": 0.1}, "model": {"factors": 3, "init_std": 0.1}, "train": {"steps": 30, "batch_size": 50, "lr": 0.05}}))
        cls.run_dir = cls.dir / "run"
        subprocess.run(support.command("train", cls.config, "--run-dir", cls.run_dir), check=True, capture_output=True)
        cls.model = cls.run_dir / "model.pt"

    def recommend(self, *more):
        return json.loads(self.latent("recommend", self.model, "--json", *more).stdout)

    def test_titles_come_from_the_column_that_matches_most_ids(self):
        for entry in self.recommend("--user", "u1", "-k", "3"):
            self.assertEqual(entry["title"], f'Title {int(entry["item"]) - 100}, "quoted"')
        text = self.latent("similar", self.model, "--item", "105", "-k", "2").stdout
        self.assertEqual(text.count("quoted"), 2)

    def test_few_matching_ids_are_pointed_out(self):
        out = self.latent("data", "info", self.ratings, "--set", f"data.titles.path={self.dir / 'titles.csv'}", "--set", "data.titles.id=item_id")
        self.assertIn("only 0 of 20 items have a title", out.stderr)

    def test_a_file_of_pairs_gives_what_single_predictions_give(self):
        pairs, out = self.dir / "pairs.tsv", self.dir / "predictions.csv.gz"
        pairs.write_text("u1\t104\nu2\t105\nu1\t119\n")
        self.latent("predict", self.model, "--pairs", pairs, "-o", out)
        rows = rows_of(out)
        self.assertEqual([(r["user"], r["item"]) for r in rows], [("u1", "104"), ("u2", "105"), ("u1", "119")])
        for r in rows:
            single = json.loads(self.latent("predict", self.model, r["user"], r["item"], "--json").stdout)["score"]
            self.assertAlmostEqual(float(r["prediction"]), single, places=5)

    def test_an_unknown_id_in_a_file_names_its_line_and_leaves_no_file(self):
        pairs, out = self.dir / "bad.tsv", self.dir / "bad.csv"
        pairs.write_text("u1\t104\nnobody\t105\n")
        failed = self.latent("predict", self.model, "--pairs", pairs, "-o", out, code=1)
        self.assertIn("bad.tsv:2: unknown user 'nobody'", failed.stderr)
        self.assertFalse(out.exists())
        self.latent("predict", self.model, "--pairs", pairs, "-o", out, "--unknown", "known-parts")
        self.assertEqual(len(rows_of(out)), 2)

    def test_recommendations_of_all_users_are_those_of_each(self):
        out = self.dir / "all.csv"
        self.latent("recommend", self.model, "--users", "all", "-k", "4", "-o", out, "--titles")
        by_user = {}
        for r in rows_of(out):
            by_user.setdefault(r["user"], []).append(r)
        self.assertEqual(len(by_user), 12)
        for user, rows in by_user.items():
            single = self.recommend("--user", user, "-k", "4")
            self.assertEqual([r["item"] for r in rows], [e["item"] for e in single])
            self.assertEqual([r["title"] for r in rows], [e["title"] for e in single])
            self.assertEqual([int(r["rank"]) for r in rows], list(range(1, len(rows) + 1)))

    def test_exclude_and_only_filter_the_catalogue(self):
        listed = self.dir / "items.txt"
        listed.write_text("104\n105\n106\nabsent\n")
        self.assertLessEqual({e["item"] for e in self.recommend("--user", "u1", "-k", "20", "--only", listed, "--include-seen")}, {"104", "105", "106"})
        rest = {e["item"] for e in self.recommend("--user", "u1", "-k", "20", "--exclude", listed, "--include-seen")}
        self.assertEqual(len(rest), 17)
        self.assertFalse(rest & {"104", "105", "106"})

    def test_the_refit_trains_on_train_and_valid_for_the_chosen_steps(self):
        knobs = ["--set", "train.patience=2", "--set", "train.eval_every=5", "--set", "train.steps=60"]
        one = json.loads(self.latent("train", self.config, "--json", "--run-dir", self.dir / "plain", *knobs).stdout)
        two = json.loads(self.latent("train", self.config, "--json", "--run-dir", self.dir / "refit", *knobs, "--set", "train.refit=true").stdout)
        self.assertEqual(one["valid"], two["valid"])
        self.assertNotEqual(one["test"], two["test"])
        self.assertEqual(two["train"]["best_step"], one["train"]["best_step"])
        # 144 training and 16 validation rows of 160: the same passes over more rows.
        self.assertAlmostEqual(two["train"]["refit_steps"] / two["train"]["best_step"], (128 + 16) / 128, delta=0.5 / two["train"]["best_step"] + 0.01)
        self.assertEqual(json.loads(self.latent("evaluate", self.dir / "refit", "--json").stdout)["test"], two["test"])

    def test_curves_are_plain_text_when_piped(self):
        out = self.latent("train", self.config, "--run-dir", self.dir / "curves")
        self.assertIn("objective, 30 steps", out.stderr)
        self.assertNotIn("\033", out.stderr + out.stdout)


class IdFiles(support.Case):
    """Files of ids: quoted as the program writes them, empty lists of what to leave out, one of them from standard input."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        rows = [(f'a,"{n}"', f"i{k}", 1 + (n + k) % 5) for n in range(6) for k in range(n, n + 8)]
        import csv
        with open(cls.dir / "d.csv", "w", newline="") as file:
            csv.writer(file).writerows([("user", "item", "rating"), *rows])
        support.write_config(cls.dir / "config.json", data="d.csv", split={"test": 0}, model={"name": "ials", "factors": 2}, train={"epochs": 1})
        support.Case.train(cls(), "r")

    def test_the_programs_own_lists_read_back(self):
        self.latent("recommend", "r", "--users", "all", "-k", "1", "-o", "lists.csv")
        lines = (self.dir / "lists.csv").read_text().splitlines()[1:]
        (self.dir / "ids.txt").write_text("user\n" + "".join(line[: line.rindex('",') + 1] + "\n" for line in lines))
        self.latent("recommend", "r", "--users", "ids.txt", "-k", "1", "-o", "again.csv")
        self.assertEqual((self.dir / "again.csv").read_text(), (self.dir / "lists.csv").read_text())

    def test_nothing_to_leave_out_is_an_empty_file(self):
        (self.dir / "none.txt").write_text("")
        plain = self.latent("recommend", "r", "--user", 'a,"1"').stdout
        self.assertEqual(self.latent("recommend", "r", "--user", 'a,"1"', "--exclude", "none.txt").stdout, plain)

    def test_an_empty_list_says_so(self):
        (self.dir / "only.txt").write_text("i1\n")
        done = self.latent("recommend", "r", "--user", 'a,"1"', "--only", "only.txt", "--json")
        self.assertEqual(json.loads(done.stdout), [])
        self.assertIn("nothing is left to recommend", done.stderr)

    def test_standard_input_serves_one_file(self):
        self.assertIn("standard input", self.complaint("recommend", "r", "--users", "-", "--only", "-", "-o", "x.csv", code=2))


if __name__ == "__main__":
    unittest.main()
