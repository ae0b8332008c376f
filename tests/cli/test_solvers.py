"""Models that solvers train: what they compute is what NumPy and the peers compute, for any number of threads and however often they stop."""

import json
import os
import pathlib
import signal
import time
import unittest

import numpy as np
import torch

import support
from solver_case import ALL_ROWS, I, ITEMS, RATINGS, ROWS, TEST, TRAIN, U, USERS, Small

DATA = pathlib.Path(os.environ.get("LATENT_SHARED_DATA") or support.ROOT.parent / "shared/data")


def scores(tables):
    """Every user's score of every item, unclipped: [U, I]."""
    out = tables["alpha"] + tables["beta_user"][:, None] + tables["beta_item"].astype(float)
    return out + tables["gamma_user"].astype(float) @ tables["gamma_item"].T if "gamma_user" in tables else out


def of_test(table):
    return np.array([table[USERS.index(user), ITEMS.index(item)] for user, item, _ in TEST])


def surprise_svd(start, epochs, lr, reg, biased):
    """Surprise's SVD from the tables `start`, to the bit: rows by user, users in order of their first one; lr and reg by group (bu, bi, ...)."""
    bu, bi, p, q = (start[name].astype(float) for name in ("beta_user", "beta_item", "gamma_user", "gamma_item"))
    mean = RATINGS.mean() if biased else 0
    for n in np.tile(np.argsort(U, kind="stable"), epochs):
        u, i = U[n], I[n]
        error = RATINGS[n] - (mean + bu[u] + bi[i] + p[u] @ q[i])
        if biased:
            bu[u] += lr["bu"] * (error - reg["bu"] * bu[u])
            bi[i] += lr["bi"] * (error - reg["bi"] * bi[i])
        p[u], q[i] = p[u] + lr["pu"] * (error * q[i] - reg["pu"] * p[u]), q[i] + lr["qi"] * (error * p[u] - reg["qi"] * q[i])
    return {"alpha": np.array(mean), "beta_user": bu, "beta_item": bi, "gamma_user": p, "gamma_item": q}


class Svd(Small):
    def test_exact_mode_is_surprises_sgd_with_a_rate_and_a_penalty_for_each_group(self):
        lr = {"bu": 0.005, "bi": 0.01, "pu": 0.02, "qi": 0.04}
        reg = {"bu": 0.02, "bi": 0.3, "pu": 0.05, "qi": 0.1}
        groups = [f"svd.{kind}_{name}={value}" for kind, values in (("lr", lr), ("reg", reg)) for name, value in values.items()]
        for biased in (False, True):
            exact = ["train.exact=true", f"svd.biased={json.dumps(biased)}"]
            start = self.fit("svd", *exact, "train.epochs=1", "train.lr=1e-300")  # moves nothing
            tables = self.fit("svd", *exact, "train.epochs=7", *groups)
            expected = surprise_svd(start, 7, lr, reg, biased)
            for name, table in expected.items():
                self.assertEqual(tables[name].dtype, np.float64)
                np.testing.assert_allclose(tables[name], table, rtol=1e-9, atol=1e-12, err_msg=name)
        np.testing.assert_allclose(self.predicted(), of_test(np.clip(scores(expected), 1, 4)), atol=1e-5)

    def test_a_penalty_or_a_rate_of_one_group_leaves_the_others(self):
        for mode in ([], ["train.exact=true"]):
            with self.subTest(mode):
                start, tables = self.fit("svd", *mode, "train.lr=1e-30"), self.fit("svd", *mode, "svd.reg_bu=150", "svd.lr_qi=1e-30")
                self.assertLess(np.abs(tables["beta_user"]).max(), 0.02)
                self.assertGreater(np.abs(tables["beta_item"]).max(), 0.2)
                np.testing.assert_array_equal(tables["gamma_item"], start["gamma_item"])
                self.assertGreater(np.abs(tables["gamma_user"] - start["gamma_user"]).max(), 1e-3)

    def test_without_biases_mean_and_biases_are_0(self):
        for mode in ("true", "false"):
            tables = self.fit("svd", "svd.biased=false", f"train.exact={mode}", "train.lr=0.05", "train.epochs=50")
            for name in ("alpha", "beta_user", "beta_item"):
                self.assertFalse(tables[name].any(), name)
            mse = ((scores(tables)[U, I] - RATINGS) ** 2).mean()
            self.assertLess(mse, RATINGS.var())  # the factors alone have learned something

    def test_predictions_are_clipped_to_the_training_ratings_or_to_the_scale_that_is_given(self):
        wild = ["train.lr=0.05", "train.epochs=60"]
        for model, scale, low, high in [("svd", None, 1, 4), ("svd", [2, 3.5], 2, 3.5), ("baseline", [2.5, 3], 2.5, 3),
                                        ("latent_factor", None, -np.inf, np.inf), ("latent_factor", [2, 3], 2, 3)]:
            with self.subTest(model, scale=scale):
                tables = self.fit(model, f"data.rating_scale={json.dumps(scale)}", *(wild if model != "baseline" else []))
                raw = scores(tables)
                self.assertTrue(raw.min() < max(low, 1) and raw.max() > min(high, 4))
                clipped = np.clip(raw, low, high)
                if scale:
                    np.testing.assert_allclose(self.predicted(), of_test(clipped), atol=1e-5)
                exported = support.load_model(self.dir / "run/model.pt")
                pairs = [torch.tensor(ids.ravel()) for ids in np.indices(raw.shape)]
                np.testing.assert_allclose(exported(*pairs).numpy(), clipped.ravel(), atol=1e-5)
                np.testing.assert_allclose(exported.score_all(pairs[0][:: raw.shape[1]]).numpy(), raw, atol=1e-5)  # rankings stay as they were
                u, i = np.unravel_index(raw.argmax(), raw.shape)
                self.assertAlmostEqual(exported.predict_id(USERS[u], ITEMS[i]), clipped.max(), places=4)
        told = self.latent("predict", "run", USERS[u], ITEMS[i], "--json").stdout
        self.assertEqual(json.loads(told)["score"], 3)

    def test_what_is_known_of_a_pair_scores_it(self):
        for mode in ("true", "false"):
            tables = self.fit("svd", f"train.exact={mode}", "data.rating_scale=[2.2,2.6]")
            late, new = USERS.index("late"), ITEMS.index("new")  # in the test part alone
            self.assertFalse(tables["gamma_user"][late].any() or tables["gamma_item"][new].any())
            of_items, of_users = tables["alpha"] + tables["beta_item"], tables["alpha"] + tables["beta_user"]
            expected = [np.clip(of_items[ITEMS.index("i0")], 2.2, 2.6), np.clip(of_users[USERS.index("u0")], 2.2, 2.6)]
            np.testing.assert_allclose(self.predicted()[-2:], expected, atol=1e-5)
            (self.dir / "pairs.csv").write_text("".join(f"nobody,{item}\n" for item in ITEMS) + "".join(f"{user},nothing\n" for user in USERS))
            self.latent("predict", "run", "--pairs", "pairs.csv", "-o", "out.csv", "--unknown", "known-parts")
            told = [float(line.split(",")[-1]) for line in (self.dir / "out.csv").read_text().splitlines()[-len(ITEMS + USERS):]]
            known = np.concatenate([of_items, of_users])
            self.assertTrue(known.min() < 2.2 and known.max() > 2.6)
            np.testing.assert_allclose(told, np.clip(known, 2.2, 2.6), atol=1e-5)


class Baseline(Small):
    def test_biases_are_surprises(self):
        for reg_u, reg_i, sets in [(3, 0.5, ["baseline.reg_u=3", "baseline.reg_i=0.5"]), (15, 10, [])]:
            bu, bi = np.zeros(len(USERS)), np.zeros(len(ITEMS))
            for _ in range(10):  # what Surprise's baseline_als does: items first
                for own, other, ids, others, reg in ((bi, bu, I, U, reg_i), (bu, bi, U, I, reg_u)):
                    sums = np.bincount(ids, RATINGS - RATINGS.mean() - other[others], len(own))
                    own[:] = sums / (reg + np.bincount(ids, minlength=len(own)))
            tables = self.fit("baseline", *sets)
            np.testing.assert_allclose(tables["beta_user"], bu, atol=1e-12)
            np.testing.assert_allclose(tables["beta_item"], bi, atol=1e-12)
        expected = np.clip(RATINGS.mean() + bu[:, None] + bi, 1, 4)
        np.testing.assert_allclose(self.predicted(), of_test(expected), atol=1e-5)


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

        for mode in ("train.exact=true", "train.deterministic=true"):
            plain = fit(mode)
            self.assert_same_tensors(plain, fit(mode, "data.path=twice.csv"))
        self.assert_same_tensors(plain, fit(mode, "data.path=twice.csv", "data.duplicates=once"))

    def test_one_thread_is_exact_mode(self):
        exact = self.fit("implicit_bpr", "train.exact=true", "train.threads=2", "train.epochs=30")
        self.assert_same_tensors(exact, self.fit("implicit_bpr", "train.threads=1", "train.epochs=30"))
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
            self.assertEqual([(entry[kind], entry["score"]) for entry in said], by_id)
        some = torch.tensor([7, 3, 20, 11, 0])
        ranked, told = (part.numpy() for part in model.rank_items(torch.arange(len(users)), some))
        for u in range(len(users)):
            self.assertEqual(sorted(ranked[u]), sorted(some.tolist()))
            self.assertEqual(list(told[u]), sorted(told[u], reverse=True))
            np.testing.assert_allclose(told[u], model(torch.full((5,), u), torch.tensor(ranked[u])).numpy(), atol=1e-6)
        names = [model.item_ids[i] for i in some.tolist()]
        said = json.loads(self.latent("rank", "run", "--user", "u1", *names, "--json").stdout)
        self.assertEqual([(entry["item"], entry["score"]) for entry in said], model.rank_items_id("u1", names))


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
        knobs = ["ials.alpha0=0.2", "ials.reg=0.05", "ials.nu=0.7", "ials.alpha=1.5"]
        cases = [("ials", "none", 3), ("ials", "none", 25), ("implicit", "none", 8), ("implicit", "rating", 3), ("implicit", "rating", 25),
                 ("implicit", "bm25", 8)]
        for form, weight, factors in cases:  # factors below and above the counts of most rows
            with self.subTest(form, weight=weight, factors=factors):
                sets = [f"ials.form={form}", f"data.weight={weight}", f"model.factors={factors}"]
                tables = self.fit("ials", *knobs, *sets)
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


class Threads(support.Case):
    def test_one_two_and_three_threads_agree_bit_for_bit(self):
        support.write_rows(self.dir / "d.csv", support.random_rows(3001, 2003, 40011))
        support.write_config(self.dir / "config.json", data="d.csv", split={"test": 0.05}, model={"factors": 20})
        cases = [("svd", []), ("baseline", []), ("implicit_bpr", ["train.deterministic=true"]), ("ials", []),
                 ("ials", ["ials.form=implicit", "data.weight=rating", "model.factors=13"])]
        for model, sets in cases:
            with self.subTest(model, sets=sets):
                runs = [f"{model}-{threads}" for threads in (1, 2, 3)]
                for run in runs:
                    self.train(run, f"model.name={model}", "train.epochs=4", *sets, f"train.threads={run[-1]}", flags=["--overwrite"])
                for run in runs[1:]:
                    self.assert_same_tensors(*(support.read_checkpoint(self.checkpoints(name)[-1])[1] for name in (runs[0], run)))
                    self.assert_same_tensors(*(support.model_tables(self.dir / name / "model.pt") for name in (runs[0], run)))
                    self.assertEqual(*([{**line, "seconds": 0} for line in self.log(name)] for name in (runs[0], run)))
                    self.assertEqual(*(self.json(f"{name}/metrics.json")["test"] for name in (runs[0], run)))


class Resume(support.Case):
    EPOCHS = 400

    def state(self, run):
        """All of a run but its timings: its log, checkpoint and metrics."""
        state, tensors = support.read_checkpoint(self.checkpoints(run)[-1])
        log = [{**line, "seconds": 0} for line in self.log(run)]
        return {**state, "seconds": 0}, log, self.json(f"{run}/metrics.json")["test"], {name: t.tobytes() for name, t in tensors.items()}, tensors

    def test_a_run_that_was_interrupted_and_then_made_longer_ends_where_an_uninterrupted_one_does(self):
        support.write_rows(self.dir / "d.csv", support.random_rows(200, 100, 2000))
        support.write_config(self.dir / "config.json", data="d.csv", model={"factors": 6}, train={"threads": 2})
        cases = [("svd", []), ("svd", ["train.exact=true"]), ("baseline", []), ("implicit_bpr", ["train.exact=true"]),
                 ("implicit_bpr", ["train.deterministic=true"]), ("ials", [])]
        for number, (model, sets) in enumerate(cases):
            with self.subTest(model, sets=sets):
                sets, whole, stopped = [f"model.name={model}", *sets], f"{number}-whole", f"{number}-stopped"
                self.train(whole, *sets, f"train.epochs={self.EPOCHS + 9}")
                expected = self.state(whole)
                paced = ["checkpoint.every=1", f"train.epochs={self.EPOCHS}"]
                process = self.start("train", "config.json", "--run-dir", stopped, *support.set_options([*sets, *paced]))
                deadline = time.monotonic() + 120
                while not self.checkpoints(stopped):
                    self.assertIsNone(process.poll(), "it ended before it could be stopped: raise the number of epochs")
                    self.assertLess(time.monotonic(), deadline)
                    time.sleep(0.001)
                process.send_signal(signal.SIGINT)
                said = process.communicate(timeout=120)[1]
                self.assertEqual(process.returncode, 130, said)
                self.assertRegex(said, rf"interrupted after epoch \d+ of {self.EPOCHS}; checkpoint written")
                self.assertLess(len(self.log(stopped)), self.EPOCHS)
                self.latent("train", "--resume", stopped, *support.set_options(["checkpoint.every=0", f"train.epochs={self.EPOCHS + 9}"]))
                self.assertEqual(self.state(stopped)[:4], expected[:4])
                double = model == "baseline" or sets[1:] == ["train.exact=true"] and model == "svd"
                self.assertEqual({table.dtype for table in expected[4].values()}, {np.dtype(np.float64 if double else np.float32)})


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
