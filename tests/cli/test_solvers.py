"""Models of ratings that solvers train: what they compute is what NumPy and Surprise compute."""

import json

import numpy as np
import torch

import support
from solver_case import I, ITEMS, RATINGS, TEST, U, USERS, Small


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
        for biased in (False, True):
            groups = [f"svd.{kind}_{name}={value}" for kind, values in (("lr", lr), ("reg", reg)) for name, value in values.items()
                      if biased or name in ("pu", "qi")]
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

    def test_without_biases_an_unknown_user_or_item_gets_the_training_mean(self):
        for mode, sets, low, high in (("true", [], 1, 4), ("false", ["data.rating_scale=[1,2]"], 1, 2)):
            tables = self.fit("svd", "svd.biased=false", f"train.exact={mode}", "train.lr=0.05", *sets)
            mean = np.clip(RATINGS.mean(), low, high)
            expected = np.clip(scores(tables), low, high)
            expected[USERS.index("late")] = expected[:, ITEMS.index("new")] = mean  # Surprise's default_prediction
            np.testing.assert_allclose(self.predicted(), of_test(expected), atol=1e-5)
            np.testing.assert_allclose(self.predicted("run/model.pt"), of_test(expected), atol=1e-5)
            self.assertEqual(*(self.json_of("evaluate", source) for source in ("run", "run/model.pt")))
            exported = support.load_model(self.dir / "run/model.pt")
            pairs = [torch.tensor(ids.ravel()) for ids in np.indices(expected.shape)]
            np.testing.assert_allclose(exported(*pairs).numpy(), expected.ravel(), atol=1e-5)
            asked = [("late", "i0"), ("u0", "new"), ("u0", "i0"), ("u1", "i2"), ("nobody", "i0"), ("u0", "nothing"), ("nobody", "nothing")]
            known = [expected[USERS.index(user), ITEMS.index(item)] for user, item in asked[:4]]
            (self.dir / "pairs.csv").write_text("".join(f"{user},{item}\n" for user, item in asked))
            self.latent("predict", "run", "--pairs", "pairs.csv", "-o", "out.csv", "--unknown", "known-parts")
            told = [float(line.split(",")[-1]) for line in (self.dir / "out.csv").read_text().splitlines()[-len(asked):]]
            np.testing.assert_allclose(told, [*known, mean, mean, mean], atol=1e-5)
            for (user, item), value in zip(asked, told, strict=True):
                said = self.json_of("predict", "run", user, item, "--unknown", "known-parts")["score"]
                self.assertAlmostEqual(said, value, places=5)

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


if __name__ == "__main__":
    support.main()
