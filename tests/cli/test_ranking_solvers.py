"""Models that rank and that solvers train: what they compute is what NumPy and implicit compute."""

import json
import os
import pathlib
import unittest

import numpy as np
import torch

import support
from solver_case import ALL_ROWS, I, ITEMS, RATINGS, TRAIN, U, USERS, Small

DATA = pathlib.Path(os.environ.get("LATENT_SHARED_DATA") or support.ROOT.parent / "shared/data")


class ImplicitBpr(Small):
    def test_training_figures_are_shares_and_nothing_need_be_held_out(self):
        self.fit("implicit_bpr", *ALL_ROWS, "train.epochs=20")
        metrics = self.json("run/metrics.json")
        self.assertEqual(metrics["test"], {})
        for figures in [metrics["train"], *self.log("run")]:
            self.assertTrue(0 < figures["train_auc"] < 1 and 0 < figures["skipped"] < 1)
        self.assertEqual(metrics["train"]["train_auc"], self.log("run")[-1]["train_auc"])

    def test_every_distinct_pair_is_one_positive_whatever_its_rating(self):
        support.write_rows(self.dir / "twice.csv", [(*row[:2], rating) for rating, rows in ((0, TRAIN), (-2, TRAIN[::-1])) for row in rows])

        def fit(*sets):
            return self.fit("implicit_bpr", *ALL_ROWS, "train.epochs=5", *sets)

        for mode in ("train.exact=true", "train.threads=2"):
            plain = fit(mode)
            self.assert_same_tensors(plain, fit(mode, "data.path=twice.csv"))
        self.assert_same_tensors(plain, fit(mode, "data.path=twice.csv", "data.duplicates=once"))

    def test_exact_mode_is_one_order_whatever_the_threads_and_another_than_the_usual_one(self):
        exact = self.fit("implicit_bpr", "train.exact=true", "train.threads=2", "train.epochs=30")
        self.assert_same_tensors(exact, self.fit("implicit_bpr", "train.exact=true", "train.threads=1", "train.epochs=30"))
        usual = self.fit("implicit_bpr", "train.threads=1", "train.epochs=30")
        self.assertFalse(np.array_equal(exact["gamma_user"], usual["gamma_user"]))
        self.assertTrue((exact["gamma_user"][USERS.index("late")] == 0).all() and exact["beta_item"][ITEMS.index("new")] == 0)

    def test_similarities_count_the_bias_as_a_factor_and_rankings_are_sorted_scores(self):
        tables = self.fit("implicit_bpr", *ALL_ROWS)
        model = support.load_model(self.dir / "run/model.pt")
        items = np.column_stack([tables["gamma_item"], tables["beta_item"]]).astype(float)
        users = np.column_stack([tables["gamma_user"], np.ones(len(tables["gamma_user"]))]).astype(float)
        for kind, table in (("item", items), ("user", users)):
            unit = table / np.linalg.norm(table, axis=1, keepdims=True)
            cosine = unit @ unit.T
            np.fill_diagonal(cosine, -np.inf)
            near, told = getattr(model, f"similar_{kind}s")(torch.arange(len(table)), len(table))
            np.testing.assert_allclose(told.numpy(), -np.sort(-cosine, axis=1)[:, :-1], atol=1e-6)
            np.testing.assert_allclose(np.take_along_axis(cosine, near.numpy(), 1), told.numpy(), atol=1e-6)
            by_id = getattr(model, f"similar_{kind}s_id")(f"{kind[0]}1", 5)
            said = json.loads(self.latent("similar", "run", f"--{kind}", f"{kind[0]}1", "-k", "5", "--json").stdout)
            self.assertEqual([entry[kind] for entry in said], [name for name, _ in by_id])
            np.testing.assert_allclose([entry["score"] for entry in said], [score for _, score in by_id], atol=1e-6)
        some = torch.tensor([7, 3, 20, 11, 0])
        ranked, told = (part.numpy() for part in model.rank_items(torch.arange(len(users)), some))
        for u in range(len(users)):
            self.assertEqual(sorted(ranked[u]), sorted(some.tolist()))
            self.assertEqual(list(told[u]), sorted(told[u], reverse=True))
            np.testing.assert_allclose(told[u], model(torch.full((5,), u), torch.tensor(ranked[u])).numpy(), atol=1e-6)
        names = [model.item_ids[i] for i in some.tolist()]
        said = json.loads(self.latent("rank", "run", "--user", "u1", *names, "--json").stdout)
        by_id = model.rank_items_id("u1", names)
        self.assertEqual([entry["item"] for entry in said], [name for name, _ in by_id])
        np.testing.assert_allclose([entry["score"] for entry in said], [score for _, score in by_id], atol=1e-6)


class Ials(Small):
    def terms(self, form, weight, alpha0=0.2, reg=0.05, nu=0.7, alpha=1.5):
        """(C, R, users' penalties, items' penalties): the objective is sum C s^2 - 2 R s + R and the penalties, over all pairs."""
        seen, total = np.zeros((len(USERS), len(ITEMS))), np.zeros((len(USERS), len(ITEMS)))
        seen[U, I] = 1
        np.add.at(total, (U, I), RATINGS)
        if form == "ials":
            sides = [reg * (seen.sum(1 - axis) + alpha0 * seen.shape[1 - axis]) ** nu for axis in (0, 1)]
            return alpha0 + seen, seen, *sides
        if weight == "bm25":  # implicit 0.7.3's bm25_weight(items x users) with its K1 = 100, B = .8
            length, frequency = total.sum(0), np.log(len(ITEMS)) - np.log1p(seen.sum(1))
            total = total * 101 / (100 * (0.2 + 0.8 * length / length.mean()) + total) * frequency[:, None]
        c = np.where(seen == 1, alpha * (np.abs(total) if weight != "none" else 1), 1)
        return c, c * seen * (total > 0), *(np.full(count, reg) for count in seen.shape)

    def test_objective_and_items_are_those_of_brute_force_and_the_objective_never_rises(self):
        knobs = {"ials": ["ials.alpha0=0.2", "ials.reg=0.05", "ials.nu=0.7"], "implicit": ["ials.reg=0.05", "ials.alpha=1.5"]}
        cases = [("ials", "none", 3), ("ials", "none", 25), ("implicit", "none", 8), ("implicit", "rating", 3), ("implicit", "rating", 25),
                 ("implicit", "bm25", 8)]
        for form, weight, factors in cases:  # factors below and above the counts of most rows
            with self.subTest(form, weight=weight, factors=factors):
                sets = [f"ials.form={form}", f"data.weight={weight}", f"model.factors={factors}"]
                tables = self.fit("ials", *knobs[form], *sets)
                w, h = (tables[name].astype(float) for name in ("gamma_user", "gamma_item"))
                c, r, of_users, of_items = self.terms(form, weight)
                s = w @ h.T
                value = (c * s**2 - 2 * r * s + r).sum() + of_users @ (w**2).sum(1) + of_items @ (h**2).sum(1)
                logged = [line["objective"] for line in self.log("run")]
                self.assertAlmostEqual(logged[-1] / (value / (c.sum() if form == "implicit" else 1)), 1, delta=1e-5)
                self.assertTrue(all(later <= sooner * (1 + 1e-6) for sooner, later in zip(logged, logged[1:])), logged)
                self.assertLess(logged[-1], 0.99 * logged[0])
                for i in range(len(ITEMS)):  # the half that came last
                    best = np.linalg.solve((w.T * c[:, i]) @ w + of_items[i] * np.eye(factors), w.T @ r[:, i])
                    np.testing.assert_allclose(h[i], best, atol=1e-3 * np.abs(h).max())
                self.assertFalse(w[USERS.index("late")].any() or h[ITEMS.index("new")].any())


@unittest.skipUnless(DATA.is_dir(), f"no real data at {DATA}")
class RealData(support.Case):
    def test_bpr_on_goodreads_trains_to_implicits_auc(self):
        support.write_config(self.dir / "config.json", data=DATA / "goodreads_interactions_200k.csv.gz", split={"test": 0},
                             model={"name": "implicit_bpr", "factors": 5}, train={"epochs": 100})
        auc = 0
        for seed in (0, 1):
            self.train(f"seed{seed}", f"train.seed={seed}")
            auc += self.json(f"seed{seed}/metrics.json")["train"]["train_auc"] / 2
        # implicit 0.7.3, BayesianPersonalizedRanking(factors=5, iterations=100, random_state=0..2): .7786, .7794, .7778
        self.assertAlmostEqual(auc, 0.778, delta=0.003)

    def test_ials_on_lists_reaches_what_is_published(self):
        for name, suffix, recall, ndcg in [("ml1m", ".gz", 0.183, 0.387), ("lastfm", "", 0.199, 0.235)]:
            folder = DATA / (name.replace("ml1m", "ml-1m") + "-ranking")
            paths = [f"data.{knob}={folder}/{part}.txt{suffix}" for knob, part in (("path", "train"), ("valid_path", "valid"), ("test_path", "test"))]
            self.train(name, *paths, config=support.ROOT / f"configs/ials_{name}.json")
            test = self.json(f"{name}/metrics.json")["test"]
            self.assertGreaterEqual(test["recall@10"], recall)
            self.assertGreaterEqual(test["ndcg@10"], ndcg)


if __name__ == "__main__":
    support.main()
