"""What metrics are of: pairs that can be found, cold ones counted, ties at their mean, later files."""

import csv
import json
import shutil

import numpy as np
import support

CONFIG = {"split": {"kind": "files"}, "eval": {"k": [5, 10]}}
RATES = ["model.name=svd", "model.factors=3", "train.epochs=3"]
RANKS = ["model.name=ials", "model.factors=3", "train.epochs=3"]


def same_figures(case, one, other, names):
    for name in names:
        case.assertAlmostEqual(one[name], other[name], places=12, msg=name)


def at_cut_offs(figures, prefix=""):
    return [name for name in figures if "@" in name and name.startswith(prefix) and (prefix or "_" not in name)]


class Judging(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        rows = support.random_rows(60, 40, 1000, seed=2)
        cls.train_rows, cls.test_rows = rows[:700], rows[700:]
        support.write_rows(cls.dir / "train.csv", cls.train_rows)
        support.write_rows(cls.dir / "test.csv", cls.test_rows)

    def figures(self, run, *sets, train="train.csv", test="test.csv", valid=None):
        data = {"path": train, "test_path": test, **({"valid_path": valid} if valid else {})}
        support.write_config(self.dir / "c.json", data=data, **CONFIG)
        self.told = self.train(run, *sets, config="c.json")
        return self.json(f"{run}/metrics.json")["test"]

    # ---- repeated pairs

    def test_pairs_of_training_are_counted_and_left_out_of_rankings(self):
        support.write_rows(self.dir / "more.csv", self.test_rows + self.train_rows[:50])
        plain = self.figures("plain", *RANKS)
        more = self.figures("more", *RANKS, test="more.csv")
        self.assertIn("50 pairs also stand in training", self.told.stderr)
        self.assertIn("data.duplicates", self.told.stderr)
        self.assertEqual((plain["repeated_pairs"], more["repeated_pairs"]), (0, 50))
        self.assertEqual((plain["interactions"], more["interactions"]), (300, 350))
        same_figures(self, plain, more, at_cut_offs(plain) + ["auc"])

    def test_a_test_file_that_is_the_training_file_is_refused_for_rankings(self):
        (self.dir / "copy.csv").write_text((self.dir / "train.csv").read_text())
        for test in ("train.csv", "copy.csv"):
            support.write_config(self.dir / "c.json", data={"path": "train.csv", "test_path": test}, **CONFIG)
            for sets in (RANKS, [*RATES, "eval.metrics=all"]):
                line = self.complaint("train", "c.json", "--run-dir", "no", *support.set_options(sets))
                self.assertIn(f"{test}: every pair of it also stands in train.csv, so no ranking can find one", line)
                self.assertFalse((self.dir / "no").exists())
            done = self.train("noted", *RATES, config="c.json", flags=["--overwrite"])
            self.assertIn(f"{test}: every pair of it also stands in train.csv", done.stderr)
        support.write_config(self.dir / "c.json", data={"path": "train.csv", "test_path": "test.csv", "valid_path": "train.csv"}, **CONFIG)
        self.assertIn("data.valid_path", self.complaint("train", "c.json", "--run-dir", "no", *support.set_options(RANKS)))

    # ---- cold users and items

    def test_cold_pairs_are_counted_and_warm_ones_judged_alone(self):
        cold = [("new1", "i1", 4), ("new1", "i2", 3), ("new2", "only", 5), ("u3", "rare", 2)]
        support.write_rows(self.dir / "cold.csv", self.test_rows + cold)
        for sets in (RATES, RANKS):
            told = self.figures("cold", *sets, test="cold.csv")
            self.assertEqual((told["cold_users"], told["cold_items"]), (2, 2))
            warm = json.loads(self.latent("evaluate", "cold", "--data", "test.csv", "--json").stdout)["test"]
            self.assertEqual((warm["cold_users"], warm["cold_items"]), (0, 0))
            self.assertFalse([name for name in warm if name.startswith("warm_")])
            names = [name.removeprefix("warm_") for name in told if name.startswith("warm_")]
            self.assertIn("rmse" if sets is RATES else "ndcg@10", names)
            # An item that a user has among the cold pairs is no negative of auc.
            same_figures(self, {n: told["warm_" + n] for n in names}, warm, [n for n in names if n != "auc"])
            shutil.rmtree(self.dir / "cold")

    def test_warm_errors_are_those_of_the_predictions(self):
        support.write_rows(self.dir / "cold.csv", self.test_rows + [("new", "i1", 1), ("u1", "unheard", 1)])
        told = self.figures("w", *RATES, test="cold.csv")
        self.latent("evaluate", "w", "--predictions", "p.csv")
        with open(self.dir / "p.csv") as file:
            rows = list(csv.DictReader(file))
        users, items = {row[0] for row in self.train_rows}, {row[1] for row in self.train_rows}
        error = lambda rows: np.mean([(float(r["prediction"]) - float(r["rating"])) ** 2 for r in rows])
        self.assertAlmostEqual(told["mse"], error(rows), places=6)
        self.assertAlmostEqual(told["warm_mse"], error([r for r in rows if r["user"] in users and r["item"] in items]), places=6)

    def test_the_table_shows_them(self):
        support.write_rows(self.dir / "cold.csv", self.test_rows + [("new", "i1", 1)])
        self.figures("table", *RANKS, test="cold.csv")
        self.assertRegex(self.told.stdout, r"test / popularity / +warm")
        self.assertRegex(self.told.stdout, r"(?m)^cold_users +1$")
        self.assertRegex(self.told.stdout, r"(?m)^repeated_pairs +0$")

    # ---- ties, relevance, masks

    def test_a_constant_model_ranks_as_chance_does(self):
        told = self.figures("mean", "model.name=mean", "eval.metrics=all")
        known, held = {}, {}
        for user, item, _ in self.train_rows:
            known.setdefault(user, set()).add(item)
        for user, item, _ in self.test_rows:
            held.setdefault(user, set()).add(item)
        items = len({row[1] for row in self.train_rows + self.test_rows})
        candidates = {user: items - len(known.get(user, ())) for user in held}
        for k in (5, 10):
            chance = [min(k, candidates[u]) / candidates[u] for u in held]
            self.assertAlmostEqual(told[f"recall@{k}"], np.mean(chance), places=12)
            hits = [len(held[u]) * min(1, k / candidates[u]) / k for u in held]
            self.assertAlmostEqual(told[f"precision@{k}"], np.mean(hits), places=12)
        self.assertEqual(told["auc"], 0.5)

    def test_relevant_rows_alone_are_to_be_found_while_all_train(self):
        support.write_rows(self.dir / "liked.csv", [row for row in self.test_rows if row[2] >= 4])
        liked = self.figures("liked", *RATES, "eval.metrics=all", test="liked.csv")
        told = self.figures("all", *RATES, "eval.metrics=all", "eval.relevant_at_least=4")
        self.assertEqual(told["relevant"], liked["interactions"])
        same_figures(self, liked, told, at_cut_offs(liked))
        self.assertNotEqual(liked["rmse"], told["rmse"])  # ratings are of all held-out rows
        rows = self.figures("none", *RATES, "eval.metrics=all", "eval.relevant_at_least=9")
        self.assertNotIn("ndcg@10", rows)
        self.assertIn("no row is rated 9.0 or more", self.told.stderr)

    def test_the_mask_holds_for_auc(self):
        support.write_rows(self.dir / "valid.csv", self.test_rows[:150])
        support.write_rows(self.dir / "rest.csv", self.test_rows[150:])
        for mask in ("train", "train_valid"):
            told = self.figures(f"mask-{mask}", *RANKS, f"eval.mask={mask}", test="rest.csv", valid="valid.csv")
            self.assertAlmostEqual(told["auc"], self.auc(f"mask-{mask}", mask), places=9)

    def auc(self, run, mask):
        import torch

        model = torch.jit.load(str(self.dir / run / "model.pt"))
        known = [row[:2] for row in self.train_rows + (self.test_rows[:150] if mask == "train_valid" else [])]
        held = {}
        for user, item, _ in self.test_rows[150:]:
            held.setdefault(user, []).append(item)
        values = []
        for user, items in held.items():
            scores = model.score_all(torch.tensor([model.find_user(user)]))[0].double().numpy()
            own = [model.find_item(item) for item in items if (user, item) not in known]
            out = {model.find_item(item) for u, item in known if u == user} | set(own)
            others = np.array([scores[i] for i in range(len(scores)) if i not in out])
            if len(own) and len(others):
                values.append(np.mean([np.mean((others < scores[i]) + 0.5 * (others == scores[i])) for i in own]))
        return np.mean(values)

    # ---- a later file

    def later_rows(self):
        return [self.test_rows[0], ("u2", "brand-new", 4), ("newcomer", "i3", 5), ("newcomer", "brand-new", 1), self.train_rows[0]]

    def test_a_later_file_is_judged_with_new_users_and_items(self):
        support.write_rows(self.dir / "later.csv", self.later_rows())
        for sets in (RATES, RANKS):
            run = "later-" + sets[0][-3:]
            self.figures(run, *sets)
            for source in (run, f"{run}/model.pt"):
                done = self.latent("evaluate", source, "--data", "later.csv", "--json", "--predictions", "p.csv")
                told = json.loads(done.stdout)["test"]
                self.assertEqual((told["interactions"], told["cold_users"], told["cold_items"]), (5, 1, 1))
                with open(self.dir / "p.csv") as file:
                    rows = list(csv.DictReader(file))
                self.assertEqual([(r["user"], r["item"]) for r in rows], [row[:2] for row in self.later_rows()])
                for row in rows:
                    score = self.latent("predict", run, row["user"], row["item"], "--unknown", "known-parts").stdout
                    self.assertAlmostEqual(float(row["prediction"]), float(score), places=4)
                if sets is RATES:
                    error = np.mean([(float(r["prediction"]) - float(r["rating"])) ** 2 for r in rows])
                    self.assertAlmostEqual(told["mse"], error, places=6)
                    self.assertIn("1 of its 5 pairs also stand in training", done.stderr)
                else:
                    self.assertEqual(told["repeated_pairs"], 1)
                    self.assertIn("warm_ndcg@10", told)

    def test_a_later_file_of_training_rows_alone_is_refused_for_rankings(self):
        self.figures("again", *RANKS)
        self.assertIn("train.csv: every pair of it also stands in training", self.complaint("evaluate", "again", "--data", "train.csv"))
        self.figures("rated", *RATES)
        told = json.loads(self.latent("evaluate", "rated", "--data", "train.csv", "--json").stdout)["test"]
        self.assertTrue(told["leaked"])
        self.assertEqual(told["repeated_pairs"], len(self.train_rows))

    def test_a_later_file_has_the_popularity_of_the_training(self):
        support.write_rows(self.dir / "twice.csv", self.train_rows + self.train_rows[:200])
        once = self.figures("twice", *RANKS, train="twice.csv")
        later = json.loads(self.latent("evaluate", "twice", "--data", "test.csv", "--json").stdout)["test"]
        same_figures(self, once, later, [name for name in once if name.startswith("popularity_")])

    def test_a_model_file_needs_no_other_data_for_a_later_file(self):
        support.write_rows(self.dir / "gone.csv", self.train_rows)
        self.figures("alone", *RANKS, train="gone.csv")
        support.write_rows(self.dir / "later.csv", self.later_rows())
        first = json.loads(self.latent("evaluate", "alone", "--data", "later.csv", "--json").stdout)
        (self.dir / "gone.csv").unlink()
        for source in ("alone/model.pt", "alone"):
            done = self.latent("evaluate", source, "--data", "later.csv", "--json")
            told = json.loads(done.stdout)["test"]
            self.assertIn("the data of its training is not at hand", done.stderr)
            # The pair of the old test part is one of its histories.
            self.assertEqual((told["repeated_pairs"], first["test"]["repeated_pairs"]), (2, 1))
            self.assertEqual((told["interactions"], told["cold_users"], told["cold_items"]), (5, 1, 1))

    def test_other_ids_name_the_way_to_judge_a_later_file(self):
        support.write_rows(self.dir / "later.csv", self.later_rows())
        self.figures("ids", *RANKS)
        self.assertIn("--data FILE", self.complaint("evaluate", "ids", "--set", "data.path=later.csv"))

    # ---- cross-validation

    def test_crossval_says_that_it_leaves_a_validation_part_out(self):
        support.write_config(self.dir / "c.json", data="train.csv", model={"name": "baseline"}, split={"valid": 0.1})
        done = self.latent("crossval", "c.json", "--folds", "2")
        self.assertIn("split.valid = 0.1: that share of each fold's other rows is left out", done.stderr)


if __name__ == "__main__":
    support.main()
