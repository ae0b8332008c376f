"""What lists hold: nothing that the file says a user had, nothing that was never trained on."""

import csv
import json

import support
from films import MODELS, WITH_FACTORS, ratings_of_films


class Lists(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rows = ratings_of_films()
        (cls.dir / "ratings.csv").write_text(support.csv_text(cls.rows, "userId,movieId,rating,timestamp"))
        cls.had = {}
        for user, film, *_ in cls.rows:
            cls.had.setdefault(str(user), set()).add(str(film))
        support.write_config(cls.dir / "c.json", data="ratings.csv", split={"test": 0.2, "valid": 0.1})
        for name, knobs in MODELS.items():
            support.Case.train(cls(), name, f"model.name={name}", *knobs, config="c.json")

    def module(self, run):
        import torch

        return torch.jit.load(str(self.dir / run / "model.pt"))

    def counts(self, run):
        model = self.module(run)
        users = {model.user_id(n): int(c) for n, c in enumerate(model.user_rows)}
        items = {model.item_id(n): int(c) for n, c in enumerate(model.item_rows)}
        return users, items

    def test_the_data_has_rows_that_were_never_trained_on(self):
        for name in MODELS:
            users, items = self.counts(name)
            self.assertEqual(sum(users.values()), sum(items.values()), name)
            self.assertGreater(list(users.values()).count(0), 0, name)
            self.assertGreater(list(items.values()).count(0), 0, name)

    def test_metrics_count_cold_users_and_items_as_the_model_file_does(self):
        for name in MODELS:
            users, items = self.counts(name)
            self.latent("evaluate", name, "--predictions", "p.csv")
            with open(self.dir / "p.csv") as file:
                test = list(csv.DictReader(file))
            told = self.json(f"{name}/metrics.json")["test"]
            self.assertEqual(told["cold_users"], len({r["user"] for r in test if users[r["user"]] == 0}))
            self.assertEqual(told["cold_items"], len({r["item"] for r in test if items[r["item"]] == 0}))

    def test_no_list_holds_what_the_user_had_or_what_was_never_trained_on(self):
        for name in MODELS:
            with self.subTest(name):
                users, items = self.counts(name)
                strangers = {item for item, count in items.items() if count == 0}
                model = self.module(name)
                self.latent("recommend", name, "--users", "all", "-k", "300", "-o", "all.csv")
                lists = {}
                with open(self.dir / "all.csv") as file:
                    for row in csv.DictReader(file):
                        lists.setdefault(row["user"], []).append(row["item"])
                self.assertEqual(set(lists), {user for user, count in users.items() if count > 0})
                for user, had in self.had.items():
                    ids = [item for item, _ in model.recommend_id(user, 300, True)]
                    if users[user] == 0:
                        self.assertEqual(ids, [])
                        continue
                    self.assertEqual(set(ids), set(items) - strangers - had, user)
                    self.assertEqual(set(lists[user]), set(ids), user)
                    if name == "mean":
                        self.assertEqual(ids, lists[user])
                user = next(user for user, count in users.items() if count > 2)
                alone = json.loads(self.latent("recommend", name, "--user", user, "-k", "300", "--json").stdout)
                self.assertEqual([row["item"] for row in alone], lists[user])
                (self.dir / "only.txt").write_text("movieId\n" + "".join(f"{i}\n" for i in items))
                (self.dir / "users.txt").write_text(f"userId\n{user}\n")
                self.latent("recommend", name, "--users", "users.txt", "--only", "only.txt", "-k", "300", "-o", "one.csv")
                with open(self.dir / "one.csv") as file:
                    self.assertEqual([row["item"] for row in csv.DictReader(file)], lists[user])

    def test_similar_and_rank_leave_untrained_items_out(self):
        for name in WITH_FACTORS:
            users, items = self.counts(name)
            strangers = {item for item, count in items.items() if count == 0}
            known = next(item for item, count in items.items() if count > 0)
            near = json.loads(self.latent("similar", name, "--item", known, "-k", "999", "--json").stdout)
            self.assertEqual({row["item"] for row in near}, set(items) - strangers - {known})
            user = next(user for user, count in users.items() if count > 0)
            near = json.loads(self.latent("similar", name, "--user", user, "-k", "999", "--json").stdout)
            self.assertEqual({row["user"] for row in near}, {u for u, count in users.items() if count > 0} - {user})
            stranger = sorted(strangers)[0]
            done = self.latent("rank", name, "--user", user, known, stranger, "--json")
            self.assertEqual([row["item"] for row in json.loads(done.stdout)], [known])
            self.assertIn(f"item '{stranger}' has no row that the model was trained on: left out", done.stderr)

    def test_untrained_and_unknown_users_are_answered_as_told(self):
        users, items = self.counts("bpr")
        cold = next(user for user, count in users.items() if count == 0)
        popular = sorted((i for i in items if items[i] > 0 and i not in self.had[cold]),
                         key=lambda i: (-items[i], list(items).index(i)))[:5]
        for command in (["recommend"], ["similar"]):
            self.assertRegex(self.complaint(*command, "bpr", "--user", cold),
                             rf"user '{cold}' has no row that the model was trained on; --unknown popular lists")
            done = self.latent(*command, "bpr", "--user", cold, "--unknown", "popular", "-k", "5", "--json")
            self.assertEqual([row["item"] for row in json.loads(done.stdout)], popular)
            self.assertIn("these are the most popular items", done.stderr)
            done = self.latent(*command, "bpr", "--user", cold, "--unknown", "skip")
            self.assertEqual(done.stdout, "")
            self.assertIn("skipped", done.stderr)
        self.assertEqual([item for item, _ in self.module("bpr").popular_id(cold, 5)], popular)
        self.assertIn("unknown user 'nobody'", self.complaint("recommend", "bpr", "--user", "nobody"))
        done = self.latent("recommend", "bpr", "--user", "nobody", "--unknown", "popular", "-k", "3", "--json")
        best = sorted((i for i in items if items[i] > 0), key=lambda i: (-items[i], list(items).index(i)))[:3]
        self.assertEqual([row["item"] for row in json.loads(done.stdout)], best)

    def test_a_file_of_users_goes_on_past_unknown_ones_when_told(self):
        users, _ = self.counts("ials")
        known = [user for user, count in users.items() if count > 0][:2]
        cold = next(user for user, count in users.items() if count == 0)
        (self.dir / "ids.txt").write_text(f"\nuser_id\n{known[0]}\nnobody\n{cold}\n{known[1]}\n")
        line = self.complaint("recommend", "ials", "--users", "ids.txt", "-o", "out.csv")
        self.assertIn("ids.txt:4: unknown user 'nobody'", line)
        self.assertIn("--unknown skip", line)
        for unknown, expected in {"skip": known, "popular": [known[0], "nobody", cold, known[1]]}.items():
            done = self.latent("recommend", "ials", "--users", "ids.txt", "-o", "out.csv", "-k", "2", "--unknown", unknown)
            self.assertIn("2 unknown users", done.stderr)
            with open(self.dir / "out.csv") as file:
                rows = list(csv.DictReader(file))
            self.assertEqual([row["user"] for row in rows], [user for user in expected for _ in range(2)])

    def test_pairs_with_unknown_ids_are_counted(self):
        users, items = self.counts("svd")
        user = next(user for user, count in users.items() if count > 0)
        item = next(item for item, count in items.items() if count > 0)
        cold = next(item for item, count in items.items() if count == 0)
        (self.dir / "pairs.csv").write_text(f"userId,movieId\n{user},{item}\n{user},nothing\nnobody,{item}\nnobody,{cold}\n")
        self.assertIn("pairs.csv:3: unknown item 'nothing'", self.complaint("predict", "svd", "--pairs", "pairs.csv", "-o", "o.csv"))
        for unknown, lines in {"known-parts": 4, "popular": 4, "skip": 1}.items():
            done = self.latent("predict", "svd", "--pairs", "pairs.csv", "-o", "o.csv", "--unknown", unknown)
            self.assertIn("3 rows with 1 unknown user and 2 unknown items", done.stderr)
            self.assertEqual(len((self.dir / "o.csv").read_text().splitlines()), 1 + lines)

    def test_predict_of_an_untrained_item_takes_its_terms_out(self):
        users, items = self.counts("baseline")
        user = next(user for user, count in users.items() if count > 0)
        cold = next(item for item, count in items.items() if count == 0)
        self.assertIn(f"item '{cold}' has no row", self.complaint("predict", "baseline", user, cold))
        done = self.latent("predict", "baseline", user, cold, "--unknown", "known-parts")
        nothing = self.latent("predict", "baseline", user, "nothing", "--unknown", "known-parts")
        self.assertEqual(done.stdout, nothing.stdout)
        self.assertIn("scored from what is known", done.stderr)


if __name__ == "__main__":
    support.main()
