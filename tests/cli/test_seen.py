"""export.seen: whose pairs recommend leaves out."""

import csv

import support
from films import ratings_of_films


class Seen(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rows = ratings_of_films(4)
        (cls.dir / "ratings.csv").write_text(support.csv_text(cls.rows, "userId,movieId,rating,timestamp"))
        support.write_config(cls.dir / "c.json", data="ratings.csv", split={"test": 0.2, "valid": 0.1},
                             model={"name": "ials", "factors": 3}, train={"epochs": 2})

    def seen(self, run):
        import torch

        model = torch.jit.load(str(self.dir / run / "model.pt"))
        start = model.seen_start.tolist()
        return {model.user_id(u): {model.item_id(i) for i in model.seen_items[a:b].tolist()}
                for u, (a, b) in enumerate(zip(start, start[1:]))}

    def had(self, keep=lambda row: True):
        out = {}
        for row in self.rows:
            if keep(row):
                out.setdefault(str(row[0]), set()).add(str(row[1]))
        return out

    def test_of_the_file_holds_every_pair_of_it(self):
        self.train("file", config="c.json")
        self.assertEqual(self.seen("file"), self.had())

    def test_of_the_file_holds_rows_that_were_left_out_of_training(self):
        for name, sets, keep in [
            ("rated", ["data.positive_at_least=4"], lambda row: row[2] >= 4),
            ("where", ['data.where=["rating=5.0|4.5|4.0"]'], lambda row: row[2] >= 4),
        ]:
            self.train(name, *sets, config="c.json")
            stay = self.had(keep)
            items = set().union(*stay.values())
            expected = {user: had & items for user, had in self.had().items() if user in stay}
            self.assertEqual(self.seen(name), expected)

    def test_of_the_file_holds_zeros_but_no_missing_ratings(self):
        rows = [("a", f"i{n}", n % 3) for n in range(12)] + [("b", f"i{n}", 1 + n % 2) for n in range(6)] + [("b", "i9", 99)]
        (self.dir / "zeros.csv").write_text(support.csv_text(rows))
        self.train("zeros", "data.path=zeros.csv", "data.drop_zero=true", "data.missing=[99]", config="c.json")
        seen = self.seen("zeros")
        kept = {item for _, item, rating in rows if rating not in (0, 99)}
        self.assertEqual(seen["a"], {f"i{n}" for n in range(12)} & kept)
        self.assertNotIn("i9", seen["b"])

    def test_people_of_whom_no_row_is_left_are_not_recommended_what_they_had(self):
        import torch

        for name, sets in {"few": ["data.min_user=12"], "top": ["data.positive_at_least=5"],
                           "none": ["data.min_user=12", "export.seen=none"]}.items():
            self.train(f"gone-{name}", *sets, config="c.json")
            model = torch.jit.load(str(self.dir / f"gone-{name}" / "model.pt"))
            items = {model.item_id(i) for i in range(len(model.item_rows)) if model.item_rows[i] > 0}
            gone = [user for user in self.had() if model.find_user(user) < 0]
            self.assertGreater(len(gone), 5)
            (self.dir / "gone.txt").write_text("\n".join(gone) + "\n")
            self.latent("recommend", f"gone-{name}", "--users", "gone.txt", "--unknown", "popular", "-k", "300", "-o", "gone.csv")
            lists = {}
            with open(self.dir / "gone.csv") as file:
                for row in csv.DictReader(file):
                    lists.setdefault(row["user"], set()).add(row["item"])
            for user in gone:
                expected = items if name == "none" else items - self.had()[user]
                self.assertEqual(lists[user], expected, user)
                self.assertEqual({item for item, _ in model.popular_id(user, 300)}, expected)

    def test_of_train_and_valid_leaves_the_test_part_in_lists(self):
        self.train("parts", "export.seen=train_valid", config="c.json")
        self.latent("evaluate", "parts", "--predictions", "p.csv")
        with open(self.dir / "p.csv") as file:
            test = {(row["user"], row["item"]) for row in csv.DictReader(file)}
        expected = {user: {item for item in had if (user, item) not in test} for user, had in self.had().items()}
        self.assertEqual(self.seen("parts"), expected)

    def test_none_keeps_no_histories(self):
        self.train("none", "export.seen=none", config="c.json")
        self.assertEqual(set().union(*self.seen("none").values()), set())
        done = self.latent("recommend", "none", "--user", "1", "-k", "3")
        self.assertIn("holds no histories", done.stderr)
        self.assertEqual(len(done.stdout.splitlines()), 3)

    def test_metrics_do_not_depend_on_it(self):
        for seen in ("file", "train_valid", "none"):
            self.train(f"m-{seen}", f"export.seen={seen}", config="c.json")
        one, *others = [self.json(f"m-{seen}/metrics.json")["test"] for seen in ("file", "train_valid", "none")]
        for other in others:
            self.assertEqual(one, other)


if __name__ == "__main__":
    support.main()
