"""People of whom the model has no row, and explanations: in Python as by the program."""

import unittest

import latent
import models
import numpy as np

KINDS = ["latent_factor", "svd", "svdpp", "bayesian_mf", "bpr", "mf", "implicit_bpr", "ials", "elsa"]
ITEMS, RATINGS = ["张伟!", "i20", "é!", "i25"], [5.0, 1.0, 4.0, 2.0]


class FoldIn(models.Case):
    def of_each(self, check):
        for kind in KINDS:
            with self.subTest(kind):
                check(latent.load(self.model_file(kind)), kind)

    def test_somebody_new_gets_the_programs_list(self):
        def check(model, run):
            listed = ",".join(f"{item}" for item in ITEMS)
            told = self.told("recommend", run, "--items", listed, "-k", "6")
            ours = model.recommend(model.fold_in(ITEMS), 6)
            self.assertEqual([item for item, _ in ours], [entry["item"] for entry in told])
            np.testing.assert_allclose([score for _, score in ours], [entry["score"] for entry in told], rtol=1e-5, atol=1e-6)
            self.assertTrue(set(ITEMS).isdisjoint(item for item, _ in model.recommend(model.fold_in(ITEMS), 99)))
            self.assertTrue(set(ITEMS) <= {item for item, _ in model.recommend(model.fold_in(ITEMS), 99, exclude_seen=False)})

        self.of_each(check)

    def test_many_histories_at_once_are_each_alone(self):
        def check(model, _):
            histories, ratings = [ITEMS, ITEMS[:1], ITEMS[2:] + ITEMS[2:3]], [RATINGS, None, [1, None, 5]]
            alone = [model.fold_in(*history) for history in zip(histories, ratings)]
            together = model.fold_in(histories, ratings)
            for one, other in zip(alone, together, strict=True):
                np.testing.assert_array_equal(one.factors, other.factors)
                np.testing.assert_array_equal(one.items, other.items)
                self.assertEqual(one.bias, other.bias)
            self.assertEqual(model.recommend(together, 7), [model.recommend(user, 7) for user in alone])
            self.assertEqual(model.rank(together, ["0!", "i21"]), [model.rank(user, ["0!", "i21"]) for user in alone])

        self.of_each(check)

    def test_scores_are_those_of_the_vector(self):
        def check(model, _):
            user, t = model.fold_in(ITEMS, RATINGS), model.tables
            self.assertEqual((user.factors.shape, user.items.tolist()), ((model.factors,), sorted(model.items.find(ITEMS))))
            scores = t["gamma_item"] @ user.factors.astype(float) + t.get("alpha", 0) + t.get("beta_item", 0) + user.bias
            ranked = model.rank(user, list(model.items))
            np.testing.assert_allclose([score for _, score in ranked], np.sort(scores)[::-1], rtol=1e-4, atol=1e-5)
            facts = model.metadata["model"]
            rating = np.clip(scores, facts.get("rating_low"), facts.get("rating_high")) if "rating_low" in facts else scores
            np.testing.assert_allclose(model.predict(user, list(model.items)), rating, rtol=1e-4, atol=1e-5)
            self.assertEqual(model.predict([user, user], "i20").tolist(), [model.predict(user, "i20")] * 2)

        self.of_each(check)

    def test_an_explanation_adds_up_to_the_score(self):
        def check(model, run):
            for why in [model.explain("Анна", "i20"), model.explain(ITEMS, "i20"), model.explain(ITEMS, "i20", ratings=RATINGS)]:
                self.assertAlmostEqual(why.score, why.rest + sum(value for _, value in why.items), places=4)
                self.assertEqual([value for _, value in why.items], sorted((value for _, value in why.items), reverse=True))
            told = self.told("explain", run, "--user", "Анна", "--item", "i20", "-k", "3")
            why = model.explain("Анна", "i20", k=3)
            self.assertEqual([item for item, _ in why.items], [entry["item"] for entry in told["items"]])
            self.assertAlmostEqual(why.score, told["score"], places=5)

        self.of_each(check)

    def test_indices_and_ids_make_the_same_user(self):
        model = latent.load(self.model_file("ials"))
        np.testing.assert_array_equal(model.fold_in(model.items.find(ITEMS)).factors, model.fold_in(ITEMS).factors)
        np.testing.assert_array_equal(model.fold_in(np.array(ITEMS), np.array(RATINGS)).factors, model.fold_in(tuple(ITEMS), RATINGS).factors)

    def test_what_makes_no_user_is_said(self):
        model = latent.load(self.model_file("svd"))
        for ask, error, told in [
            (lambda: model.fold_in(["nothing"]), latent.UnknownIdError, "unknown item 'nothing'"),
            (lambda: model.fold_in([]), latent.ModelError, "no item|trained"),
            (lambda: model.fold_in(ITEMS, RATINGS[:2]), ValueError, "4 items and 2 ratings make no history"),
            (lambda: model.fold_in([ITEMS, ITEMS], [RATINGS]), ValueError, "2 histories and ratings of 1"),
            (lambda: model.fold_in("i20"), TypeError, "sequence of ids"),
            (lambda: latent.load(self.model_file("mean")).fold_in(ITEMS), latent.ModelError, "mean"),
            (lambda: latent.load(self.model_file("bpr")).recommend(latent.FoldedUser(np.zeros(3, np.float32), 0.0, np.zeros(0, np.int32))),
             latent.ModelError, "3 factors"),
        ]:
            with self.subTest(told), self.assertRaisesRegex(error, told) as caught:
                ask()
            self.assertNotIn("\n", str(caught.exception))


if __name__ == "__main__":
    unittest.main()
