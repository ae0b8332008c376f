"""Every kind of model answers in Python as the program does, for one id, for many, by id and by index."""

import sys
import unittest

import latent
import models
import numpy as np

INFINITY = float("inf")


class Answers(models.Case):
    def of_each(self, check, kinds=(*models.RATINGS, *models.RANKINGS)):
        """check(model, its run) for every kind of model."""
        for kind in kinds:
            with self.subTest(kind):
                check(latent.load(self.model_file(kind)), kind)

    def assert_same(self, ours, told, key="item"):
        self.assertEqual([id for id, _ in ours], [entry[key] for entry in told])
        np.testing.assert_allclose([score for _, score in ours], [entry["score"] for entry in told], rtol=1e-5, atol=1e-6)

    def test_lists_scores_and_neighbours_are_the_programs(self):
        def check(model, run):
            for user in ["Анна", "🙂📚", "u30"]:
                self.assert_same(model.recommend(user, k=7), self.told("recommend", run, "--user", user, "-k", "7"))
                self.assert_same(model.recommend(user, 99, exclude_seen=False),
                                 self.told("recommend", run, "--user", user, "-k", "99", "--include-seen"))
                self.assertAlmostEqual(model.predict(user, "it's!"), self.told("predict", run, user, "it's!")["score"], places=5)
                self.assert_same(model.rank(user, ["é!", "0!", "i20"]), self.told("rank", run, "--user", user, "é!", "0!", "i20"))
            if run not in models.WITHOUT_FACTORS:
                self.assert_same(model.similar("张伟!", k=6), self.told("similar", run, "--item", "张伟!", "-k", "6"))
                self.assert_same(model.similar_users("张伟", 6), self.told("similar", run, "--user", "张伟", "-k", "6"), "user")

        self.of_each(check)

    def test_a_model_says_what_it_is(self):
        def check(model, run):
            self.assertEqual((model.kind, len(model.users), len(model.items)), (run, 40, 30))
            self.assertEqual(model.factors > 0, run not in models.WITHOUT_FACTORS)
            self.assertEqual(model.metadata["metrics"], self.json(f"{run}/metrics.json"))
            self.assertEqual(repr(model), f"<latent.Model {run}: 40 users, 30 items, {model.factors} factors>")

        self.of_each(check)

    def test_many_users_at_once_get_what_each_gets_alone(self):
        def check(model, run):
            users = list(model.users)
            alone = [model.recommend(user, 12) for user in users]
            self.assertEqual(model.recommend(users, 12), alone)
            self.assertEqual(model.recommend(users, 12, threads=1), alone)
            self.assertEqual(model.recommend(tuple(users[:0]), 12), [])
            self.assertEqual(model.rank(users, ["é!", "0!"]), [model.rank(user, ["é!", "0!"]) for user in users])

        self.of_each(check)

    def test_arrays_in_give_arrays_out(self):
        def check(model, run):
            lists = model.recommend(list(model.users), 25)
            items, scores = model.recommend(np.arange(len(model.users)), 25)
            ids, same = model.recommend(np.array(list(model.users)), 25)
            self.assertEqual((items.dtype, scores.dtype, items.shape), (np.int32, np.float32, (40, 25)))
            self.assertEqual(ids.dtype, object)
            np.testing.assert_array_equal(scores, same)
            self.assertIn(-1, items)  # some user has met more than five of the thirty items
            for row, list_ in enumerate(lists):
                self.assertEqual([(id, score) for id, score in zip(ids[row], same[row].tolist()) if id is not None], list_)
                self.assertEqual([model.items[int(n)] if n >= 0 else None for n in items[row]], list(ids[row]))
                self.assertTrue((scores[row][items[row] < 0] == -INFINITY).all())

        self.of_each(check)

    def test_lists_are_the_best_of_the_tables(self):
        for kind in ["latent_factor", "bpr", "svd"]:
            model = latent.load(self.model_file(kind))
            t = model.tables
            scores = t.get("alpha", 0) + t["gamma_user"].astype(float) @ t["gamma_item"].T
            scores += t["beta_item"] if "beta_item" in t else 0
            scores += t["beta_user"][:, None] if "beta_user" in t else 0
            for u in range(len(model.users)):
                scores[u, t["seen_items"][t["seen_start"][u] : t["seen_start"][u + 1]]] = -INFINITY
            scores[:, t["item_rows"] == 0] = -INFINITY
            items, best = model.recommend(np.arange(len(model.users)), 30)
            expected = np.argsort(-scores, axis=1, kind="stable")
            expected[np.take_along_axis(scores, expected, 1) == -INFINITY] = -1
            np.testing.assert_array_equal(items, expected)
            np.testing.assert_allclose(best, -np.sort(-scores, axis=1), rtol=1e-5, atol=1e-5)

    def test_filters_leave_out_and_choose(self):
        model = latent.load(self.model_file("ials"))
        every = [id for id, _ in model.recommend("Анна", 99)]
        for excluded in (every[:3], np.array(every[:3]), model.items.find(every[:3]), every[:3] + ["nothing"]):
            self.assertEqual([id for id, _ in model.recommend("Анна", 99, exclude=excluded)], every[3:])
        for only in (every[1:5], model.items.find(every[1:5]), np.isin(np.array(list(model.items)), every[1:5])):
            self.assertEqual([id for id, _ in model.recommend("Анна", 99, only=only)], every[1:5])
            self.assertEqual([id for id, _ in model.recommend("Анна", 99, only=only, exclude=every[:2])], every[2:5])
        self.assertEqual(model.recommend("Анна", 99, only=[]), [])
        self.assertEqual(model.recommend("Анна", 0), [])
        popular = [id for id, _ in model.popular(k=99)]
        self.assertEqual([id for id, _ in model.popular(k=99, exclude=popular[:4])], popular[4:])

    def test_popular_lists_by_rows_of_training_and_take_any_user(self):
        model = latent.load(self.model_file("bpr"))
        rows = model.tables["item_rows"]
        listed = model.popular("somebody else", 99)
        self.assertEqual([id for id, _ in listed], [model.items[int(i)] for i in np.argsort(-rows, kind="stable") if rows[i]])
        self.assertEqual([count for _, count in listed], sorted((float(n) for n in rows if n), reverse=True))
        seen = {item for user, item, _ in self.rows if user == "Анна"}
        self.assertEqual([id for id, _ in model.popular("Анна", 99)], [id for id, _ in listed if id not in seen])

    def test_predict_takes_pairs_and_one_with_many(self):
        def check(model, run):
            users, items = ["Анна", "é", "u20"], ["é!", "0!", "i20"]
            pairs = [model.predict(user, item) for user, item in zip(users, items)]
            self.assertIsInstance(pairs[0], float)
            for u, i in [(users, items), (np.array(users), items), (model.users.find(users), model.items.find(items))]:
                np.testing.assert_array_equal(model.predict(u, i), np.float32(pairs))
            np.testing.assert_array_equal(model.predict("é", items), [np.float32(model.predict("é", item)) for item in items])
            np.testing.assert_array_equal(model.predict(users, "0!"), [np.float32(model.predict(user, "0!")) for user in users])
            with self.assertRaisesRegex(ValueError, "2 users and 3 items make no pairs"):
                model.predict(users[:2], items)

        self.of_each(check, models.RATINGS)

    def test_a_sampled_model_knows_how_sure_it_is(self):
        model = latent.load(self.model_file("bayesian_mf"))
        self.assertGreater(model.predict_sd("Анна", "é!"), 0)
        both = model.predict_sd(["Анна", "é"], "é!")
        self.assertEqual(both.tolist(), [model.predict_sd("Анна", "é!"), model.predict_sd("é", "é!")])
        with self.assertRaisesRegex(latent.ModelError, "svd knows no deviation"):
            latent.load(self.model_file("svd")).predict_sd("Анна", "é!")

    def test_no_torch_is_needed(self):
        latent.load(self.model_file("svd")).recommend("Анна")
        self.assertEqual([name for name in sys.modules if name.split(".")[0] == "torch"], [])


if __name__ == "__main__":
    unittest.main()
