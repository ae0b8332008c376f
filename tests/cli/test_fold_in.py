"""People of whom the model has no row: folded in as the model's own objective has it, by the program and by TorchScript alike."""

import json
import zipfile

import numpy as np
import torch

import support
from solver_case import TRAIN, Small

MODELS = {
    "latent_factor": ["train.steps=60", "train.batch_size=200", "train.lr=0.03", "train.lambda=1e-3"],
    "svd": ["train.epochs=8"],
    "svdpp": ["train.epochs=8"],
    "bayesian_mf": ["bayes.burn_in=4", "bayes.samples=12", "bayes.thin=3"],
    "ials": ["train.epochs=4"],
    "bpr": ["train.steps=60", "train.batch_size=200", "train.lr=0.03", "train.lambda=1e-4"],
    "implicit_bpr": ["train.epochs=20", "train.lr=0.05"],
    "elsa": ["train.epochs=5"],
    "mf": ["train.epochs=20", "train.batch_size=200", "train.negatives=20"],
}
RATED = {"i3": 4.0, "i8": 1.0, "i11": 3.0, "i20": 4.0, "i25": 2.0}
TRAIN_ALL = ["split.kind=random", "split.test=0", "data.test_path=", "model.factors=4"]


class FoldIn(Small):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for name, sets in MODELS.items():
            support.Case.train(cls(), name, f"model.name={name}", *TRAIN_ALL, *sets)
        implicit = ["ials.form=implicit", "ials.reg=0.1", "ials.alpha=3"]
        support.Case.train(cls(), "implicit", "model.name=ials", *TRAIN_ALL, *implicit)
        support.Case.train(cls(), "weighted", "model.name=ials", *TRAIN_ALL, *implicit, "data.weight=rating")
        support.Case.train(cls(), "unbiased", "model.name=svd", *TRAIN_ALL, "svd.biased=false", "train.epochs=8")
        cls.runs = [*MODELS, "implicit", "weighted", "unbiased"]

    def model(self, run):
        return support.load_model(self.dir / run / "model.pt")

    def manifest(self, run):
        with zipfile.ZipFile(self.dir / run / "model.pt") as archive:
            name = next(name for name in archive.namelist() if name.endswith("extra/latent.json"))
            return json.loads(archive.read(name))

    def vector(self, run, items, ratings):
        model = self.model(run)
        indices = torch.tensor([model.find_item(item) for item in items])
        factors, bias = model.fold_in(indices, torch.tensor([np.nan if r is None else r for r in ratings]))
        return factors.numpy(), float(bias[0])

    def table(self, run, name):
        return getattr(self.model(run), name).detach().numpy().astype(float)

    def indices(self, run, items):
        model = self.model(run)
        return [model.find_item(item) for item in items]

    def ridge(self, run, penalty, bias_penalty=None):
        """The minimum of sum (r - alpha - beta_i - own . q - b - p . q)^2 + penalties, with NumPy."""
        at = self.indices(run, RATED)
        q = self.table(run, "gamma_item")[at]
        r = np.array(list(RATED.values())) - self.table(run, "alpha") - self.table(run, "beta_item")[at]
        own = np.zeros(4)
        if run == "svdpp":
            own = self.table(run, "implicit_item")[at].sum(0) / np.sqrt(len(at))
        v = q if bias_penalty is None else np.hstack([np.ones((len(at), 1)), q])
        penalties = [penalty] * 4 if bias_penalty is None else [bias_penalty] + [penalty] * 4
        x = np.linalg.solve(v.T @ v + np.diag(penalties), v.T @ (r - q @ own))
        return (x + own, 0) if bias_penalty is None else (x[1:] + own, x[0])

    def test_ratings_are_folded_in_by_ridge_regression(self):
        rows = len(TRAIN)
        expected = {
            "latent_factor": self.ridge("latent_factor", 1e-3 * rows, 1e-3 * rows),
            "svd": self.ridge("svd", 0.02 * len(RATED), 0.02 * len(RATED)),
            "svdpp": self.ridge("svdpp", 0.02 * len(RATED), 0.02 * len(RATED)),
            "unbiased": self.ridge("unbiased", 0.02 * len(RATED)),
        }
        for run, (factors, bias) in expected.items():
            ours = self.vector(run, RATED, RATED.values())
            np.testing.assert_allclose(ours[0], factors, atol=2e-5, err_msg=run)
            self.assertAlmostEqual(ours[1], bias, places=4, msg=run)

    def test_draws_are_folded_in_one_by_one(self):
        at, r = self.indices("bayesian_mf", RATED), np.array(list(RATED.values()))
        noise = self.table("bayesian_mf", "noise_variance")
        draws, factors, biases = len(noise), [], []
        for s in range(draws):
            q = self.table("bayesian_mf", "gamma_item")[at][:, 4 * s : 4 * s + 4] * draws
            v = np.hstack([np.ones((len(at), 1)), q])
            prior = self.table("bayesian_mf", "user_precision_draws")[s]
            left = r - self.table("bayesian_mf", "alpha") - self.table("bayesian_mf", "beta_item_draws")[at, s]
            x = np.linalg.solve(prior + v.T @ v / noise[s], prior @ self.table("bayesian_mf", "user_mean_draws")[s] + v.T @ left / noise[s])
            biases.append(x[0])
            factors.extend(x[1:])
        ours = self.vector("bayesian_mf", RATED, RATED.values())
        np.testing.assert_allclose(ours[0], factors, atol=2e-5)
        self.assertAlmostEqual(ours[1], np.mean(biases), places=4)

    def test_the_draws_priors_are_those_of_the_users(self):
        users = np.hstack([self.table("bayesian_mf", "beta_user_draws")[:, :1], self.table("bayesian_mf", "gamma_user")[:, :4]])
        np.testing.assert_allclose(self.table("bayesian_mf", "user_mean_draws")[0], users.mean(0), atol=1e-5)
        covariance = (np.cov(users.T, bias=True) * len(users) + np.eye(5) * users.var(0).mean()) / (len(users) + 1)
        np.testing.assert_allclose(np.linalg.inv(self.table("bayesian_mf", "user_precision_draws")[0]), covariance, rtol=1e-3, atol=1e-5)

    def test_ials_solves_its_own_row(self):
        q = self.table("ials", "gamma_item")
        own = q[self.indices("ials", RATED)]
        fold = self.manifest("ials")["fold_in"]
        alpha0, reg = fold["every_pair"], fold["factor_penalty"]["scale"]
        logged = self.log("ials")[-1]
        self.assertAlmostEqual(alpha0, logged["alpha0"])
        self.assertAlmostEqual(reg, logged["reg"])
        a = own.T @ own + alpha0 * q.T @ q + reg * (len(RATED) + alpha0 * len(q)) * np.eye(4)
        np.testing.assert_allclose(self.vector("ials", RATED, [None] * 5)[0], np.linalg.solve(a, own.sum(0)), rtol=1e-3, atol=1e-5)
        for run, weights in {"implicit": [1] * 5, "weighted": RATED.values()}.items():
            q = self.table(run, "gamma_item")
            own, c = q[self.indices(run, RATED)], 3 * np.array(list(weights), float)
            a = q.T @ q + own.T @ (own * (c - 1)[:, None]) + 0.1 * np.eye(4)
            np.testing.assert_allclose(self.vector(run, RATED, RATED.values())[0], np.linalg.solve(a, c @ own), rtol=1e-3, atol=1e-5, err_msg=run)

    def test_who_was_trained_on_is_folded_in_where_training_ended(self):
        """The last half of an iALS pass solves the items; the users' rows are its fixed point once it has converged."""
        self.train("converged", "model.name=ials", *TRAIN_ALL, "train.epochs=150")
        model = self.model("converged")
        start, had = model.seen_start.tolist(), model.seen_items.tolist()
        for run, tolerance in {"converged": 2e-3, "elsa": 1e-5}.items():
            model = self.model(run)
            for u in range(5):
                items = torch.tensor(had[start[u] : start[u + 1]])
                folded = model.fold_in(items, torch.full([len(items)], torch.nan))[0]
                scores = torch.mv(model.gamma_item, folded), torch.mv(model.gamma_item, model.gamma_user[u])
                torch.testing.assert_close(scores[0], scores[1], rtol=tolerance, atol=tolerance)

    def test_pairwise_losses_are_at_their_minimum(self):
        for run in ["bpr", "implicit_bpr"]:
            q, b = torch.tensor(self.table(run, "gamma_item")), torch.tensor(self.table(run, "beta_item"))
            at = self.indices(run, RATED)
            others = [i for i in range(len(q)) if i not in at]
            weight = torch.ones(len(others), dtype=torch.double) if run == "bpr" else self.model(run).item_rows[others].double()
            penalty = 1e-4 * 400 / 5 if run == "bpr" else 0.01 / 2
            p = torch.tensor(self.vector(run, RATED, [None] * 5)[0], dtype=torch.double, requires_grad=True)
            score = q @ p + b
            losses = torch.nn.functional.softplus(score[others].unsqueeze(0) - score[at].unsqueeze(1))
            (losses.mean(0) @ weight / weight.sum() + penalty * p @ p).backward()
            self.assertLess(float(p.grad.abs().max()), 1e-6, run)
            self.assertGreater(float(p.abs().max()), 0.01, run)

    def test_program_and_torchscript_answer_alike(self):
        for run in self.runs:
            for given in [RATED, dict.fromkeys(RATED)]:
                with self.subTest(run, rated=given is RATED):
                    words = ",".join(item if r is None else f"{item}:{r}" for item, r in given.items())
                    ours = json.loads(self.latent("recommend", run, "--items", words, "-k", "99", "--json").stdout)
                    ratings = [] if None in given.values() else list(given.values())
                    theirs = self.model(run).recommend_for_items(list(given), ratings, 99)
                    self.assertEqual(len(ours), len(theirs))
                    scores = {item: score for item, score in theirs}
                    for one in ours:
                        self.assertAlmostEqual(one["score"], scores[one["item"]], delta=1e-4 * max(1, abs(one["score"])))
                    self.assertFalse({one["item"] for one in ours} & set(RATED))
                    self.assertEqual([one["item"] for one in ours[:3]], [item for item, _ in theirs[:3]])

    def test_a_history_may_come_from_a_file(self):
        rows = "item,rating\n" + "".join(f'"{item}",{r}\n' for item, r in RATED.items())
        (self.dir / "h.csv").write_text(rows)
        (self.dir / "h.tsv").write_text(rows.replace('"', "").replace(",", "\t"))
        words = ",".join(f"{item}:{r}" for item, r in RATED.items())
        listed = self.latent("recommend", "svd", "--items", words).stdout
        for file in ["h.csv", "h.tsv"]:
            self.assertEqual(self.latent("recommend", "svd", "--history", file).stdout, listed)
        self.assertEqual(self.latent("recommend", "svd", "--history", "-", input=rows).stdout, listed)
        (self.dir / "bad.csv").write_text("i3,5\ni4,lots\n")
        self.assertRegex(self.complaint("recommend", "svd", "--history", "bad.csv"), r"^bad.csv:2: rating 'lots'")
        (self.dir / "bad.csv").write_text("i3,5,6\n")
        self.assertRegex(self.complaint("recommend", "svd", "--history", "bad.csv"), r"^bad.csv:1: expected item or item,rating, found 3 columns")

    def test_of_an_item_that_is_given_twice_the_last_rating_counts(self):
        twice, once = (self.latent("recommend", "svd", "--items", f"{head}i8:1,i3:4").stdout for head in ("i3:1,", ""))
        self.assertEqual(twice, once)

    def test_items_without_a_rating_are_taken_for_liked_and_it_is_said(self):
        said = self.latent("recommend", "svd", "--items", "i3,i8")
        self.assertEqual(said.stderr, "items without a rating count as 4, as one that is liked\n")
        self.assertEqual(said.stdout, self.latent("recommend", "svd", "--items", "i3:4,i8:4").stdout)
        self.assertEqual(self.latent("recommend", "ials", "--items", "i3:2").stderr, "ratings make no difference to a model of kind ials\n")

    def test_filters_and_own_items(self):
        (self.dir / "only.txt").write_text("i1\ni2\ni3\n")
        items = [one["item"] for one in self.json_of("recommend", "ials", "--items", "i3", "--only", "only.txt")]
        self.assertEqual(sorted(items), ["i1", "i2"])
        items = [one["item"] for one in self.json_of("recommend", "ials", "--items", "i3", "--only", "only.txt", "--include-seen")]
        self.assertEqual(sorted(items), ["i1", "i2", "i3"])

    def test_unknown_items_are_named_or_left_out(self):
        self.assertRegex(self.complaint("recommend", "ials", "--items", "i3,nothing"), "unknown item 'nothing'; --unknown skip leaves it out$")
        said = self.latent("recommend", "ials", "--items", "i3,nothing", "--unknown", "skip")
        self.assertEqual(said.stderr, "1 unknown item left out\n")
        self.assertEqual(said.stdout, self.latent("recommend", "ials", "--items", "i3").stdout)
        self.assertRegex(self.complaint("recommend", "ials", "--items", "new", "--unknown", "error"), "unknown item 'new'")
        popular = self.latent("recommend", "ials", "--items", "nothing", "--unknown", "popular")
        self.assertEqual(popular.stdout, self.latent("recommend", "ials", "--user", "nobody", "--unknown", "popular").stdout)

    def test_items_of_the_test_part_alone_fold_in_nobody(self):
        self.train("held", "model.name=ials", "model.factors=4")
        self.assertRegex(self.complaint("recommend", "held", "--items", "new"), "no item in the history that the model was trained on")

    def test_who_has_no_factors_folds_nobody_in(self):
        self.train("mean", "model.name=bias_only", "train.steps=3")
        self.assertRegex(self.complaint("recommend", "mean", "--items", "i3"), "a model of kind bias_only has no factors, so it folds nobody in$")
        with self.assertRaisesRegex(Exception, "folds nobody in"):
            self.model("mean").recommend_for_items(["i3"], [], 3)

    def test_a_file_of_an_earlier_version_says_to_export_it_again(self):
        old = support.ROOT / "tests/data/formats/model-v3-svd.pt"
        item = support.load_model(old).item_id(0)
        self.assertRegex(self.complaint("recommend", old, "--items", item), "does not say how to fold in new users.*latent export$")

    def test_one_source_of_a_user_is_asked_for(self):
        for words in [[], ["--user", "u1", "--items", "i3"], ["--items", "i3", "--history", "h.csv"]]:
            self.assertRegex(self.complaint("recommend", "ials", *words, code=2), "^give --user ID, or --items LIST or --history FILE")
        self.assertRegex(self.complaint("recommend", "ials", "--items", ",", code=2), "^--items takes ids")

    def test_contributions_add_up_to_the_score(self):
        for run in self.runs:
            with self.subTest(run):
                why = self.json_of("explain", run, "--user", "u3", "--item", "i5", "-k", "99")
                self.assertAlmostEqual(why["rest"] + sum(one["contribution"] for one in why["items"]), why["score"], places=4)
                had = {row[1] for row in self.rows_of("u3")}
                self.assertEqual({one["item"] for one in why["items"]}, had)
                values = [one["contribution"] for one in why["items"]]
                self.assertEqual(values, sorted(values, reverse=True))
                few = self.json_of("explain", run, "--user", "u3", "--item", "i5", "-k", "2")
                self.assertEqual(few["items"], why["items"][:2])

    def rows_of(self, user):
        return [row for row in TRAIN if row[0] == user]

    def test_a_contribution_is_what_the_item_pulls_in_the_solution(self):
        q = self.table("ials", "gamma_item")
        had = [row[1] for row in self.rows_of("u3")]
        own = q[self.indices("ials", had)]
        fold = self.manifest("ials")["fold_in"]
        alpha0, reg = fold["every_pair"], fold["factor_penalty"]["scale"]
        a = own.T @ own + alpha0 * q.T @ q + reg * (len(had) + alpha0 * len(q)) * np.eye(4)
        target = q[self.indices("ials", ["i5"])[0]]
        expected = dict(zip(had, own @ np.linalg.solve(a, target)))
        for one in self.json_of("explain", "ials", "--user", "u3", "--item", "i5", "-k", "99")["items"]:
            self.assertAlmostEqual(one["contribution"], expected[one["item"]], places=4)

    def test_held_out_pairs_explain_nothing(self):
        for name in ["ials", "svd"]:
            self.train(f"held-{name}", f"model.name={name}", "model.factors=4", "train.epochs=2")
            why = self.json_of("explain", f"held-{name}", "--user", "u3", "--item", "i5", "-k", "99")
            self.assertEqual({one["item"] for one in why["items"]}, {row[1] for row in self.rows_of("u3")})

    def test_explain_prints_titles_or_says_why_it_cannot(self):
        text = self.latent("explain", "svd", "--user", "u3", "--item", "i5", "-k", "2").stdout.splitlines()
        self.assertRegex(text[0], r"^score \S+: \S+ without the items, \S+ by \d+ of them$")
        predicted = float(self.latent("predict", "svd", "u3", "i5").stdout.split()[-1])
        self.assertEqual(text[3], f"with the vector that was trained, predict says {predicted:.5f}")
        self.assertEqual(len(text), 4)
        items = self.json_of("explain", "svd", "--items", "i3:4,i8:1", "--item", "i5")["items"]
        self.assertEqual({one["item"] for one in items}, {"i3", "i8"})
        self.train("without", "model.name=ials", "model.factors=4", "export.seen=none", "train.epochs=1")
        self.assertRegex(self.complaint("explain", "without", "--user", "u3", "--item", "i5"), "keeps no history of user 'u3'")
        self.assertRegex(self.complaint("explain", "svd", "--user", "nobody", "--item", "i5"), "unknown user 'nobody'")
        self.assertRegex(self.complaint("explain", "svd", "--user", "u3", "--item", "nothing"), "unknown item 'nothing'")

    def test_inspect_knows_the_methods_for_its_own(self):
        for run in self.runs:
            self.assertEqual(self.json_of("inspect", run)["torchscript"], "ours", run)


if __name__ == "__main__":
    support.main()
