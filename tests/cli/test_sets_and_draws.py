"""svdpp, bayesian_mf and elsa: what they compute is what NumPy computes, and what they export is what they were judged by."""

import json
import os
import unittest

import numpy as np
import torch

import support
from solver_case import I, RATINGS, TEST, U, USERS, ITEMS, Small

DATA = os.path.join(os.environ.get("LATENT_SHARED_DATA", ""), "ml-100k")
SHORT = ["bayes.burn_in=4", "bayes.samples=12", "bayes.thin=3"]


def surprise_svdpp(start, epochs, lr, reg):
    """Surprise's SVDpp from the tables `start`: rows by user, users in order of their first one; lr and reg by group."""
    bu, bi, p, q, y = (start[name].astype(float) for name in ("beta_user", "beta_item", "gamma_user", "gamma_item", "implicit_item"))
    mean = RATINGS.mean()
    for n in np.tile(np.argsort(U, kind="stable"), epochs):
        u, i, had = U[n], I[n], I[U == U[n]]
        root = np.sqrt(len(had))
        implicit = y[had].sum(0) / root
        error = RATINGS[n] - (mean + bu[u] + bi[i] + q[i] @ (p[u] + implicit))
        bu[u] += lr["bu"] * (error - reg["bu"] * bu[u])
        bi[i] += lr["bi"] * (error - reg["bi"] * bi[i])
        old = q[i].copy()
        q[i] += lr["qi"] * (error * (p[u] + implicit) - reg["qi"] * q[i])
        p[u] += lr["pu"] * (error * old - reg["pu"] * p[u])
        y[had] += lr["yj"] * (error * old / root - reg["yj"] * y[had])
    folded = p.copy()
    for u in np.unique(U):
        folded[u] += y[I[U == u]].sum(0) / np.sqrt((U == u).sum())
    return {"beta_user": bu, "beta_item": bi, "gamma_user": p, "gamma_item": q, "implicit_item": y, "folded_user": folded}


class Svdpp(Small):
    LR = {"bu": 0.005, "bi": 0.01, "pu": 0.02, "qi": 0.04, "yj": 0.03}
    REG = {"bu": 0.02, "bi": 0.3, "pu": 0.05, "qi": 0.1, "yj": 0.2}
    GROUPS = [f"svdpp.{kind}_{name}={value}" for kind, values in (("lr", LR), ("reg", REG)) for name, value in values.items()]

    def test_exact_mode_is_surprises_sgd_with_a_rate_and_a_penalty_for_each_group(self):
        start = self.fit("svdpp", "train.exact=true", "train.epochs=1", "train.lr=1e-300")  # moves nothing
        tables = self.fit("svdpp", "train.exact=true", "train.epochs=5", *self.GROUPS)
        for name, table in surprise_svdpp(start, 5, self.LR, self.REG).items():
            self.assertEqual(tables[name].dtype, np.float64)
            np.testing.assert_allclose(tables[name], table, rtol=1e-9, atol=1e-12, err_msg=name)

    def test_the_fast_mode_agrees_but_for_floats(self):
        exact, fast = (self.fit("svdpp", *mode, "train.epochs=5", *self.GROUPS) for mode in (["train.exact=true"], []))
        self.assertEqual(fast["folded_user"].dtype, np.float32)
        for name in ("beta_user", "beta_item", "folded_user", "gamma_item"):
            np.testing.assert_allclose(fast[name], exact[name], atol=1e-5, err_msg=name)

    def test_what_is_served_has_the_implicit_part_in_the_users_factors(self):
        tables = self.fit("svdpp", "train.epochs=3")
        served = support.model_tables(self.dir / "run/model.pt")
        np.testing.assert_array_equal(served["gamma_user"], tables["folded_user"])
        predicted = np.clip([tables["alpha"] + tables["beta_user"][USERS.index(u)] + tables["beta_item"][ITEMS.index(i)] +
                             tables["folded_user"][USERS.index(u)] @ tables["gamma_item"][ITEMS.index(i)] for u, i, _ in TEST], 1, 4)
        np.testing.assert_allclose(self.predicted(), predicted.ravel(), atol=1e-5)

    def test_initial_tables_are_refused(self):
        self.assertRegex(self.complaint("train", "config.json", "--run-dir", "no", "--set", "model.name=svdpp", "--set", "model.init_path=train.csv"),
                         "^model.init_path is not read by svdpp")
        self.assertRegex(self.complaint("train", "config.json", "--run-dir", "no", "--set", "model.name=svdpp", "--set", "model.init_from=train.csv"),
                         "^model.init_from is not read by svdpp")


class BayesianMf(Small):
    def test_predictions_are_the_mean_over_the_kept_draws_clipped_once(self):
        for sets in ([], ["bayes.implicit_users=true", "bayes.implicit_items=true"]):
            with self.subTest(sets):
                tables = self.fit("bayesian_mf", *SHORT, *sets)
                self.assertEqual(tables["draws"], 4)
                self.assertEqual(tables["gamma_user"].shape, (len(USERS), 4 * 4))
                draws = []
                for s in range(4):
                    p, q = (tables[name][:, 4 * s:4 * s + 4].astype(float) for name in ("gamma_user", "gamma_item"))
                    draws.append(tables["alpha"] + tables["beta_user_draws"][:, s:s + 1] + tables["beta_item_draws"][:, s] + p @ q.T)
                users, items = ([ids.index(row[n]) for row in TEST] for n, ids in ((0, USERS), (1, ITEMS)))
                of_test = np.array(draws)[:, users, items]
                np.testing.assert_allclose(self.predicted(), np.clip(of_test.mean(0), 1, 4), atol=1e-5)
                model = support.load_model(self.dir / "run/model.pt")
                pairs = torch.tensor(users), torch.tensor(items)
                np.testing.assert_allclose(model(*pairs).detach().numpy(), self.predicted(), atol=1e-5)
                expected = np.sqrt(of_test.var(0, ddof=1) + tables["noise_variance"].mean())
                np.testing.assert_allclose(model.score_sd(*pairs).detach().numpy(), expected, rtol=1e-4)
                self.assertAlmostEqual(model.predict_id_sd(*TEST[0][:2]), expected[0], places=4)

    def test_an_interval_holds_ninety_in_a_hundred_ratings_of_a_normal_distribution_on_the_scale(self):
        self.fit("bayesian_mf", *SHORT)
        user, item, _ = TEST[0]
        answer = self.json_of("predict", "run/model.pt", user, item, "--interval")
        self.assertEqual(list(answer), ["user", "item", "score", "sd", "low", "high"])
        self.assertGreater(answer["sd"], 0)
        self.assertAlmostEqual(answer["low"], max(answer["score"] - 1.6448536 * answer["sd"], 1), places=4)
        self.assertAlmostEqual(answer["high"], min(answer["score"] + 1.6448536 * answer["sd"], 4), places=4)
        self.assertRegex(self.latent("predict", "run/model.pt", user, item, "--interval").stdout, r"^[\d.]+  sd [\d.]+, 90 % from [\d.]+ to [\d.]+\n$")

    def test_an_interval_of_another_model_or_of_an_unknown_user_is_an_error(self):
        self.fit("bayesian_mf", *SHORT)
        self.assertRegex(self.complaint("predict", "run/model.pt", "nobody", "i0", "--interval"), "unknown user 'nobody'")
        self.complaint("predict", "run/model.pt", "--pairs", "test.csv", "-o", "p.csv", "--interval", code=2)
        self.fit("svd", "train.epochs=1")
        self.assertRegex(self.complaint("predict", "run/model.pt", *TEST[0][:2], "--interval"), "a model of kind svd knows no deviation of a prediction")

    def test_it_passes_as_often_as_burn_in_and_samples_say_and_logs_the_noise(self):
        self.fit("bayesian_mf", *SHORT)
        self.assertEqual(len(self.log("run")), 16)
        self.assertGreater(self.log("run")[-1]["noise_variance"], 0)
        self.assertEqual(self.json("run/metrics.json")["train"]["steps"], 16)

    def test_knobs_of_stopping_and_tuning_are_refused(self):
        for knob in ("train.epochs=3", "train.lr=0.3", "train.patience=2", "train.refit=true", "model.init_from=train.csv"):
            self.assertRegex(self.complaint("train", "config.json", "--run-dir", "no", "--set", "model.name=bayesian_mf", "--set", knob),
                             f"^{knob.split('=')[0]} is not read by bayesian_mf")
        self.assertRegex(self.complaint("train", "config.json", "--run-dir", "no", "--set", "model.name=bayesian_mf", "--set", "bayes.samples=3"),
                         "^bayes.thin = 5 keeps none of bayes.samples = 3; lower it")

    def test_threads_and_a_resume_from_any_checkpoint_change_no_bit(self):
        sets = [*SHORT, "bayes.implicit_users=true", "bayes.implicit_items=true", "checkpoint.every=7"]
        expected = self.fit("bayesian_mf", *sets, run="whole")
        self.assert_same_tensors(expected, self.fit("bayesian_mf", *sets, "train.threads=3", run="threads"))
        self.fit("bayesian_mf", *sets, run="cut")
        self.checkpoints("cut")[-1].unlink()
        (self.dir / "cut/metrics.json").unlink()
        self.latent("train", "--resume", "cut")
        self.assert_same_tensors(expected, {name.split(".")[1]: table.squeeze(-1) if table.shape[-1] == 1 else table
                                            for name, table in support.read_checkpoint(self.checkpoints("cut")[-1])[1].items()})

    @unittest.skipUnless(os.path.exists(DATA), "no MovieLens 100k here")
    def test_errors_are_myfms_and_intervals_hold_what_they_say(self):
        golden = json.loads((support.ROOT / "tests/golden/myfm.json").read_text())
        sets = ["split.kind=files", "model.name=bayesian_mf", f"model.factors={golden['rank']}", f"bayes.burn_in={golden['burn_in']}",
                f"bayes.samples={golden['samples']}"]
        for fold, errors in golden["folds"].items():
            paths = [f"data.path={DATA}/{fold}.base", f"data.test_path={DATA}/{fold}.test"]
            self.train(fold, *paths, *sets, "train.threads=0", flags=["--overwrite"])
            test = self.json(f"{fold}/metrics.json")["test"]
            self.assertAlmostEqual(test["rmse"], errors["rmse"], delta=0.003)
            self.assertAlmostEqual(test["mae"], errors["mae"], delta=0.003)
            model = support.load_model(self.dir / fold / "model.pt")
            rows = [line.split()[:3] for line in open(f"{DATA}/{fold}.test", encoding="utf-8")]
            users, items = (torch.tensor([find(row[n]) for row in rows]) for n, find in ((0, model.find_user), (1, model.find_item)))
            off = np.abs(model(users, items).detach().numpy() - [float(row[2]) for row in rows])
            covered = np.mean(off <= 1.6448536 * model.score_sd(users, items).detach().numpy())
            self.assertTrue(0.85 < covered < 0.95, covered)


class Elsa(Small):
    def test_a_step_of_adam_follows_the_gradient_of_the_papers_loss(self):
        sets = ["eval.metrics=ranking", "train.lr=0.02"]
        start = self.fit("elsa", *sets, "train.epochs=1", "train.lr=1e-30")["gamma_item"]
        tables = self.fit("elsa", *sets, "train.epochs=3")
        x = torch.zeros(len(USERS), len(ITEMS), dtype=torch.double)
        x[torch.tensor(U), torch.tensor(I)] = 1
        x = x[x.sum(1) > 0]
        a = torch.tensor(start, dtype=torch.double, requires_grad=True)
        optimizer = torch.optim.Adam([a], lr=0.02)
        for _ in range(3):
            unit = a / a.norm(dim=1, keepdim=True)
            wrong = torch.nn.functional.normalize(x) - torch.nn.functional.normalize(x @ unit @ unit.T - x)
            loss = (wrong**2).sum() / len(x)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        np.testing.assert_allclose(tables["gamma_item"], a.detach().numpy(), atol=2e-4)
        self.assertAlmostEqual(self.log("run")[-1]["objective"], loss.item(), places=4)

    def test_served_items_have_length_one_and_users_are_the_sums_of_theirs(self):
        self.fit("elsa", "eval.metrics=ranking", "train.epochs=2")
        served = support.model_tables(self.dir / "run/model.pt")
        np.testing.assert_allclose(np.linalg.norm(served["gamma_item"], axis=1), 1, atol=1e-5)
        for u in range(len(USERS)):
            np.testing.assert_allclose(served["gamma_user"][u], served["gamma_item"][np.unique(I[U == u])].sum(0), atol=1e-4)

    def test_threads_and_a_resume_change_no_bit(self):
        sets = ["eval.metrics=ranking", "train.epochs=6", "train.batch_size=7", "checkpoint.every=2"]
        expected = self.fit("elsa", *sets, run="whole")
        self.assert_same_tensors(expected, self.fit("elsa", *sets, "train.threads=3", run="threads"))
        self.fit("elsa", *sets, run="cut")
        self.checkpoints("cut")[-1].unlink()
        (self.dir / "cut/metrics.json").unlink()
        self.latent("train", "--resume", "cut")
        self.assert_same_tensors(expected, {name.split(".")[1]: table for name, table in support.read_checkpoint(self.checkpoints("cut")[-1])[1].items()})


class Ials(Small):
    def test_automatic_constants_stand_in_the_log_and_in_the_metrics(self):
        self.fit("ials", "eval.metrics=ranking", "train.epochs=2")
        users, items = len(USERS), len(ITEMS)
        pairs = len(set(zip(U, I)))
        heavier = (items / 280) ** (2 / 3)
        train = self.json("run/metrics.json")["train"]
        self.assertAlmostEqual(train["alpha0"], heavier * pairs / (users * items), places=9)
        self.assertAlmostEqual(train["reg"], min((0.05 + 0.9 * items / pairs) / (1 + heavier), 0.02), places=9)
        self.assertEqual(self.log("run")[0]["alpha0"], train["alpha0"])
        given = [f"ials.alpha0={train['alpha0']!r}", f"ials.reg={train['reg']!r}"]
        same = self.fit("ials", "eval.metrics=ranking", "train.epochs=2")
        self.assert_same_tensors(same, self.fit("ials", "eval.metrics=ranking", "train.epochs=2", *given))
        self.assertNotIn("alpha0", self.json("run/metrics.json")["train"])


if __name__ == "__main__":
    support.main()
