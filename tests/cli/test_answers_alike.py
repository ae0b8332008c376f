"""One answer from everywhere: the program, the C++ library, HTTP and TorchScript, for every kind of model that is exported.

Ids in other scripts, equal scores, filters, rows that were not trained on, what a user has seen. The Python package is held
equal to the program by tests/python/test_answers.py, for the same models.
"""

import json
import pathlib
import subprocess

import torch

import support
from test_serve_http import Server

PROGRAM = pathlib.Path(support.PROGRAM).resolve().parent / "latent_answer_questions"
WITHOUT_FACTORS = {"mean": [], "item_mean": [], "baseline": [], "bias_only": ["train.steps=10"], "popularity": []}
WITH_FACTORS = {
    "latent_factor": ["train.steps=40", "train.batch_size=200", "train.lr=0.03"], "svd": ["train.epochs=4"], "svdpp": ["train.epochs=4"],
    "bayesian_mf": ["bayes.burn_in=2", "bayes.samples=3", "bayes.thin=1"], "bpr": ["train.steps=40", "train.batch_size=200", "train.lr=0.03"],
    "mf": ["train.epochs=5", "train.batch_size=100", "train.negatives=10"], "implicit_bpr": ["train.epochs=5"], "ials": ["train.epochs=3"], "elsa": ["train.epochs=3"]}
STRANGE = ["Анна", "张伟", "🙂📚", 'quo"te', "it's", "back\\slash", " a b ", "é", "0", "-1", "%s{}", "&?k=1#"]
USERS, K = ["Анна", "🙂📚", " a b ", "u30", "&?k=1#"], 7
EXCLUDED, ONLY = ["é!", "i20", "nothing"], ["张伟!", "0!", "i20", "i21", "é!", "untrained!"]
HISTORY = {"张伟!": 5, "i20": 1, "é!": 4}


class AnswersAlike(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not PROGRAM.exists():
            raise cls.skipTest(cls(), f"there is no {PROGRAM.name} beside the program")
        rename = {f"u{n}": name for n, name in enumerate(STRANGE)} | {f"i{n}": name + "!" for n, name in enumerate(STRANGE)}
        rows = [(rename.get(u, u), rename.get(i, i), max(1, r)) for u, i, r in support.random_rows(40, 30, 450)]
        # Alike to the last digit in every model that goes by rows alone; and rows of which none is trained on.
        rows += [(user, item, 3) for user in ("u30", "u31") for item in ("twin a", "twin b")]
        for name, some in {"train.json": rows, "test.json": [("late", "é!", 4), ("Анна", "untrained!", 2)]}.items():
            (cls.dir / name).write_text("".join(json.dumps(dict(zip(("user_id", "item_id", "rating"), row)), ensure_ascii=False) + "\n" for row in some), encoding="utf-8")
        support.write_config(cls.dir / "config.json", data={"path": "train.json", "test_path": "test.json"}, split={"kind": "files"})

    def alike(self, ours, theirs, which):
        """Lists of (id, score), or one score."""
        if isinstance(ours, float):
            self.assertAlmostEqual(ours, theirs, delta=2e-5 * max(1, abs(ours)), msg=which)
            return
        self.assertEqual([id for id, _ in ours], [id for id, _ in theirs], which)
        for (_, a), (_, b) in zip(ours, theirs):
            self.assertAlmostEqual(a, b, delta=2e-5 * max(1, abs(a)), msg=which)

    def questions(self, factors):
        """Words as latent_answer_questions takes them."""
        for user in USERS:
            yield "recommend", user, str(K), "unseen"
            yield "recommend", user, "99", "all"
            yield "recommend", user, "99", "all", ",".join(EXCLUDED)
            yield "recommend", user, "99", "unseen", ",".join(EXCLUDED), ",".join(ONLY)
            yield "predict", user, "it's!"
            yield "rank", user, "é!,0!,i20,untrained!"
            yield "popular", user, "9"
        yield "popular", "nobody at all", "99"
        if not factors:
            return
        for id in ["张伟", "u31"]:
            yield "similar_users", id, "6"
        for id in ["张伟!", "back\\slash!", "twin a"]:
            yield "similar_items", id, "40"
        yield "fold_in", str(K), ",".join(HISTORY), ",".join(map(str, HISTORY.values()))

    def by_library(self, run, questions):
        done = subprocess.run([PROGRAM, self.dir / run / "model.pt"], input="".join("\t".join(q) + "\n" for q in questions), capture_output=True, encoding="utf-8", check=True)
        return list(map(json.loads, done.stdout.splitlines()))

    def by_program(self, run, kind, *w):
        def told(*words):
            out = json.loads(self.latent(words[0], words[1], "--json", *words[2:]).stdout)
            return [(one.get("item", one.get("user")), one["score"]) for one in out] if isinstance(out, list) else out["score"]

        if kind == "recommend":
            lists = [word for name, text in zip(("exclude", "only"), w[3:]) for word in (f"--{name}", self.listed(name, text))]
            return told("recommend", run, f"--user={w[0]}", "-k", w[1], *["--include-seen"] * (w[2] == "all"), *lists)
        if kind == "predict":
            return told("predict", run, "--", *w)
        if kind == "rank":
            return told("rank", run, f"--user={w[0]}", "--", *w[1].split(","))
        if kind == "fold_in":
            return told("recommend", run, "--items", ",".join(f"{item}:{rating}" for item, rating in HISTORY.items()), "-k", w[0])
        if kind == "popular":
            return None  # the program lists those only for users that it does not know
        return told("similar", run, f"--{kind.removeprefix('similar_').removesuffix('s')}={w[0]}", "-k", w[1])

    def listed(self, name, text):
        (self.dir / name).write_text("".join(f"{item}\n" for item in text.split(",")), encoding="utf-8")
        return name

    def by_http(self, server, kind, *w):
        def pairs(answer):
            return [(one.get("item", one.get("user")), one["score"]) for one in answer.get("items", answer.get("users"))]

        if kind == "recommend":
            lists = dict(zip(("exclude", "only"), (text.split(",") for text in w[3:])))
            return pairs(server.post("/recommend", {"user": w[0], "k": int(w[1]), "include_seen": w[2] == "all", **lists}))
        if kind == "predict":
            return server.post("/score", {"user": w[0], "item": w[1]})["score"]
        if kind == "rank":
            return pairs(server.post("/rank", {"user": w[0], "items": w[1].split(",")}))
        if kind == "popular":
            return pairs(server.post("/recommend", {"user": w[0], "k": int(w[1]), "unknown": "popular"})) if w[0] not in USERS else None
        if kind == "fold_in":
            return pairs(server.post("/fold-in", {"items": list(HISTORY), "ratings": list(HISTORY.values()), "k": int(w[0])}))
        return pairs(server.post("/similar", {kind.removeprefix("similar_").removesuffix("s"): w[0], "k": int(w[1])}))

    def by_torchscript(self, model, kind, *w):
        if kind == "recommend":  # which has no filters: whole lists are filtered here
            whole = model.recommend_id(w[0], 99, w[2] == "unseen")
            excluded, only = (text.split(",") for text in (*w[3:], *["", ""])[:2])
            return [(id, score) for id, score in whole if id not in excluded and (len(w) < 5 or id in only)][:int(w[1])]
        if kind == "predict":
            return model.predict_id(*w)
        if kind == "rank":
            return model.rank_items_id(w[0], w[1].split(","))
        if kind == "popular":
            return model.popular_id(w[0], int(w[1]))
        if kind == "fold_in":
            return model.recommend_for_items(list(HISTORY), list(map(float, HISTORY.values())), int(w[0]))
        return getattr(model, kind + "_id")(w[0], int(w[1]))

    def check(self, run, factors, sets):
        self.train(run, f"model.name={run}", *support.factors(run, 4), *sets)
        questions = list(self.questions(factors))
        library = self.by_library(run, questions)
        torchscript = support.load_model(self.dir / run / "model.pt")
        with Server(self, run) as server:
            for question, ours in zip(questions, library, strict=True):
                with self.subTest(run, question=question):
                    self.assertNotIsInstance(ours, dict)
                    for where, theirs in [("program", self.by_program(run, *question)), ("HTTP", self.by_http(server, *question)), ("TorchScript", self.by_torchscript(torchscript, *question))]:
                        if theirs is not None:
                            self.alike(ours, theirs, where)
            self.untrained(run, server, torchscript)

    def untrained(self, run, server, torchscript):
        """Of whom there is no row nobody says anything, and says so."""
        [told] = self.by_library(run, [("recommend", "late", "5", "unseen")])
        for text in [told["error"], self.complaint("recommend", run, "--user", "late"), server.post("/recommend", {"user": "late"}, 404)["error"]]:
            self.assertIn("no row that the model was trained on", text)
        self.assertEqual(torchscript.recommend(torch.tensor([torchscript.find_user("late")]), 5, True)[0].tolist(), [[-1] * 5])
        everything = {id for id, _ in self.by_library(run, [("recommend", "Анна", "99", "all")])[0]}
        self.assertNotIn("untrained!", everything)

    def test_models_with_factors_answer_alike_everywhere(self):
        for run, sets in WITH_FACTORS.items():
            self.check(run, True, sets)

    def test_models_without_factors_answer_alike_everywhere(self):
        for run, sets in WITHOUT_FACTORS.items():
            self.check(run, False, sets)

    def test_every_model_that_is_exported_is_among_them(self):
        schema = json.loads(self.latent("config", "schema").stdout)
        names = schema["$defs"]["model.name"]["anyOf"][0]["enum"]
        self.assertEqual(sorted({*WITH_FACTORS, *WITHOUT_FACTORS, "item_knn", "ease"}), sorted(names))  # of those two the export is refused


if __name__ == "__main__":
    support.main()
