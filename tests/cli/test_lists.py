"""What lists hold: nothing that the file says a user had, nothing that was never trained on."""

import csv
import json

import numpy as np
import support

MODELS = {
    "mean": [],
    "bias_only": ["train.steps=20", "train.batch_size=200"],
    "latent_factor": ["model.factors=3", "train.steps=20", "train.batch_size=200"],
    "bpr": ["model.factors=3", "train.steps=20", "train.batch_size=200", "train.lr=0.03"],
    "baseline": ["train.epochs=2"],
    "svd": ["model.factors=3", "train.epochs=2"],
    "implicit_bpr": ["model.factors=3", "train.epochs=3"],
    "ials": ["model.factors=3", "train.epochs=3"],
}
WITH_FACTORS = [name for name in MODELS if name not in ("mean", "bias_only", "baseline")]


def ratings_of_films(seed=3):
    """Rows shaped as ml-latest's: few popular films, half stars, times; some users and films of a single row."""
    rng = np.random.default_rng(seed)
    popularity = 1 / np.arange(1.0, 101)
    rows = []
    for user in range(1, 51):
        count = rng.integers(4, 40)
        for film in rng.choice(100, count, replace=False, p=popularity / popularity.sum()) + 1:
            rows.append((user, int(film), float(rng.integers(1, 11)) / 2, int(1e9 + rng.integers(1e8))))
    rows += [(user, 200 + user, 4.0, 1_200_000_000 + user) for user in range(40, 51)]
    rows += [(user, 1, 3.5, 1_200_000_100 + user) for user in range(900, 915)]
    return [rows[n] for n in rng.permutation(len(rows))]


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


class Seen(support.Case):
    """export.seen: whose pairs recommend leaves out."""

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


class FitOnAll(support.Case):
    """export.fit = all: one more fit, on all rows, after the honest test."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        rows = ratings_of_films(5)
        (cls.dir / "ratings.csv").write_text(support.csv_text(rows, "userId,movieId,rating,timestamp"))
        cls.count = len(rows)
        support.write_config(cls.dir / "c.json", data="ratings.csv", split={"test": 0.2, "valid": 0.1})

    def tables(self, path):
        import torch

        return {name: value.numpy() for name, value in torch.jit.load(str(self.dir / path)).named_parameters()}

    def test_metrics_are_of_the_tested_fit(self):
        for name, knobs in MODELS.items():
            with self.subTest(name):
                knobs = [f"model.name={name}", *knobs]
                told = self.train(f"{name}-t", *knobs, config="c.json")
                self.assertIn("model.pt holds the fit that was tested", told.stderr.splitlines()[-1])
                told = self.train(f"{name}-a", *knobs, "export.fit=all", config="c.json")
                self.assertIn(f"model.pt holds a later fit on all {self.count} rows", told.stderr.splitlines()[-1])
                tested, everything = (self.json(f"{name}-{kind}/metrics.json") for kind in "ta")
                self.assertEqual(tested["test"], everything["test"])
                self.assertNotIn("export", tested)
                self.assertEqual((everything["export"]["fit"], everything["export"]["rows"]), ("all", self.count))
                again = json.loads(self.latent("evaluate", f"{name}-a", "--json").stdout)
                self.assertEqual(again["test"], tested["test"])

    def test_its_tables_are_those_of_a_run_on_all_rows(self):
        for name, knobs in MODELS.items():
            if name == "mean":
                continue
            with self.subTest(name):
                knobs = [f"model.name={name}", "train.threads=1", *knobs]
                steps = [knob for knob in knobs if knob.startswith("train.steps")]
                self.train(f"{name}-l", *knobs, "export.fit=all", config="c.json")
                last = self.json(f"{name}-l/metrics.json")["export"]["steps"]
                whole = [f"train.steps={last}"] if steps else []
                self.train(f"{name}-w", *(k for k in knobs if k not in steps), *whole, "split.test=0", "split.valid=0",
                           config="c.json")
                later, one = self.tables(f"{name}-l/model.pt"), self.tables(f"{name}-w/model.pt")
                for table, values in one.items():
                    self.assertEqual(later[table].shape, values.shape)
                    if name in ("ials", "baseline"):  # whatever the order of the rows
                        np.testing.assert_allclose(later[table], values, rtol=1e-3, atol=1e-5)
                if not steps:
                    self.assertEqual(last, int(next(k for k in knobs if "epochs" in k).split("=")[1]))

    def test_early_stopping_chooses_its_passes(self):
        self.train("early", "model.name=svd", "model.factors=3", "train.epochs=30", "train.lr=0.05", "train.patience=2",
                   "export.fit=all", config="c.json")
        metrics = self.json("early/metrics.json")
        self.assertEqual(metrics["export"]["steps"], metrics["train"]["best_step"])

    def test_a_killed_one_goes_on(self):
        knobs = ["model.name=svd", "model.factors=3", "train.epochs=6", "train.threads=1", "export.fit=all", "checkpoint.every=1"]
        self.train("whole", *knobs, config="c.json")
        self.train("cut", *knobs, config="c.json")
        final = sorted((self.dir / "cut/checkpoints/final").glob("*.ckpt"))
        self.assertEqual(len(final), 2)
        final[-1].unlink()
        (self.dir / "cut/model.pt").unlink()
        (self.dir / "cut/metrics.json").unlink()
        self.latent("train", "--resume", "cut")
        self.assert_same_tensors(self.tables("whole/model.pt"), self.tables("cut/model.pt"))
        steps = lambda run: [(line["step"], "final" in line) for line in self.log(run)]
        self.assertEqual(steps("cut"), steps("whole"))

    def test_an_interrupted_run_is_said_to_be_so(self):
        knobs = ["model.name=svd", "model.factors=3", "train.epochs=4", "export.fit=all", "checkpoint.every=1"]
        self.train("done", *knobs, config="c.json")
        uses = [["evaluate", "done"], ["export", "done", "-o", "x.pt"], ["recommend", "done", "--user", "1"],
                ["similar", "done", "--item", "1"], ["predict", "done", "1", "1"], ["find", "done", "1"]]
        for words in uses:
            self.assertNotIn("not finished", self.latent(*words).stderr)
        (self.dir / "done/metrics.json").rename(self.dir / "metrics.json")
        for words in uses:
            self.assertIn("done: this run is not finished (its newest checkpoint is of step 4); go on with: latent train --resume done",
                          self.latent(*words).stderr)
        # A finished run that has gone on since.
        (self.dir / "metrics.json").rename(self.dir / "done/metrics.json")
        folder = self.dir / "done/checkpoints"
        (folder / "step-000000000004.ckpt").rename(folder / "step-000000000005.ckpt")
        self.assertIn("not finished", self.latent("recommend", "done", "--user", "1").stderr)

    def test_export_writes_it_again(self):
        self.train("svd", "model.name=svd", "model.factors=3", "train.epochs=2", "export.fit=all", config="c.json")
        self.latent("export", "svd", "-o", "again.pt")
        self.assert_same_tensors(self.tables("svd/model.pt"), self.tables("again.pt"))

    def test_evaluating_its_file_on_its_own_data_is_labelled(self):
        self.train("leak", "model.name=ials", "model.factors=3", "train.epochs=2", "export.fit=all", config="c.json")
        told = json.loads(self.latent("evaluate", "leak/model.pt", "--json").stdout)
        self.assertTrue(told["test"]["leaked"])
        self.assertEqual((told["test"]["cold_users"], told["test"]["cold_items"]), (0, 0))


if __name__ == "__main__":
    support.main()
