"""The exported model answers in Python, with torch alone, what its tables say and what the program says."""

import ast
import contextlib
import copy
import csv
import io
import json
import resource
import runpy
import signal
import sys
import unittest
from unittest import mock

import numpy as np

import support

MODELS = ["latent_factor", "bpr", "bias_only", "mean", "popularity", "item_mean"]
STRANGE = ["Анна", "张伟", "🙂📚", 'quo"te', "it's", "back\\slash", "a,b", " a b ", "é", "0", "-1", "%s{}"]
CLIENT = support.ROOT / "scripts/use_model.py"
INFINITY = float("inf")


def strange_rows():
    """Random rows with strange ids, and a user who has met all items but a few."""
    rename = {f"u{n}": name for n, name in enumerate(STRANGE)} | {f"i{n}": name + "!" for n, name in enumerate(STRANGE)}
    rows = [(rename.get(u, u), rename.get(i, i), r) for u, i, r in support.random_rows(40, 30, 450)]
    return rows + [("reader", item, 3) for item in sorted({row[1] for row in rows})[2:]]


class Export(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rows = strange_rows()
        with open(cls.dir / "d.csv", "w", encoding="utf-8", newline="") as file:
            csv.writer(file, quoting=csv.QUOTE_ALL).writerows([("user_id", "item_id", "rating"), *cls.rows])
        support.write_config(cls.dir / "config.json", data="d.csv", split={"test": 0.15, "valid": 0.15},
                             train={"threads": 1}, eval={"metrics": "all"})
        cls.models, cls.tested = {}, {}
        for name in MODELS:
            trained = [] if name in ("mean", "popularity", "item_mean") else ["train.steps=60", "train.batch_size=200", "train.lr=0.03"]
            support.Case.train(cls(), name, f"model.name={name}", *support.factors(name, 4), *trained)
            cls.models[name] = support.load_model(cls.dir / name / "model.pt")
            cls().latent("evaluate", name, "--predictions", f"{name}.csv")
            with open(cls.dir / f"{name}.csv", encoding="utf-8", newline="") as file:
                cls.tested[name] = list(csv.DictReader(file))
        cls.users, cls.items = (list(dict.fromkeys(row[n] for row in cls.rows)) for n in (0, 1))
        cls.seen = np.zeros((len(cls.users), len(cls.items)), bool)
        for user, item, _ in cls.rows:
            cls.seen[cls.users.index(user), cls.items.index(item)] = True

    def brute_scores(self, model):
        tables = {name: table.numpy().astype(float) for name, table in model.named_parameters()}
        scores = np.zeros(self.seen.shape) + tables.get("alpha", 0)
        scores += tables.get("beta_user", np.zeros(len(self.users)))[:, None] + tables.get("beta_item", np.zeros(len(self.items)))
        return scores + (tables["gamma_user"] @ tables["gamma_item"].T if "gamma_user" in tables else 0)

    def every_user(self):
        return torch.arange(len(self.users))

    def test_ids_are_kept_whatever_their_script(self):
        for model in self.models.values():
            self.assertEqual((model.user_ids, model.item_ids), (self.users, self.items))
            self.assertEqual(model.user_index, {name: n for n, name in enumerate(self.users)})

    def test_scores_are_what_the_tables_say(self):
        pairs = [(u, i) for u in range(len(self.users)) for i in range(len(self.items))]
        users, items = (torch.tensor(column) for column in zip(*pairs))
        for name, model in self.models.items():
            with self.subTest(name):
                expected = self.brute_scores(model)
                every = model.score_all(self.every_user())
                self.assertEqual((tuple(every.shape), every.dtype), (expected.shape, torch.float32))
                np.testing.assert_allclose(every.numpy(), expected, rtol=1e-6, atol=1e-6)
                for kind in (torch.int64, torch.int32):
                    some = model.forward(users.to(kind), items.to(kind))
                    np.testing.assert_allclose(some.numpy(), expected.ravel(), rtol=1e-6, atol=1e-6)
                self.assertEqual(tuple(model(users[:0], items[:0]).shape), (0,))
                self.assertEqual(tuple(model.score_all(users[:0]).shape), (0, len(self.items)))

    def test_scores_are_the_trainers(self):
        for name, model in self.models.items():
            users = torch.tensor([model.user_index[row["user"]] for row in self.tested[name]])
            items = torch.tensor([model.item_index[row["item"]] for row in self.tested[name]])
            theirs = np.array([float(row["prediction"]) for row in self.tested[name]])
            np.testing.assert_allclose(model(users, items).numpy(), theirs, rtol=1e-6, atol=1e-6)

    def test_recommendations_equal_brute_force_with_and_without_seen_items(self):
        for name, model in self.models.items():
            scores = model.score_all(self.every_user()).numpy()
            for exclude in (False, True):
                masked = np.where(self.seen, -INFINITY, scores) if exclude else scores
                order = np.argsort(-masked, axis=1, kind="stable")  # a tie goes to the lower index
                best = np.take_along_axis(masked, order, 1)
                order[best == -INFINITY] = -1
                for k in (1, 7, len(self.items), 10**6):
                    with self.subTest(name, exclude=exclude, k=k):
                        items, values = model.recommend(self.every_user(), k, exclude)
                        np.testing.assert_array_equal(items.numpy(), order[:, :k])
                        np.testing.assert_array_equal(values.numpy(), best[:, :k])
                        self.assertEqual((items.dtype, values.dtype), (torch.int64, torch.float32))

    def test_a_user_with_few_unseen_items_gets_padded_rows(self):
        model, u = self.models["bpr"], self.users.index("reader")
        left = int((~self.seen[u]).sum())
        self.assertLess(left, 12)
        items, scores = (part[0].tolist() for part in model.recommend(torch.tensor([u]), 20, True))
        self.assertEqual((items[left:], scores[left:]), ([-1] * (20 - left), [-INFINITY] * (20 - left)))
        self.assertEqual([item for item, _ in model.recommend_id("reader", 20, True)], [self.items[i] for i in items[:left]])
        self.assertEqual((model.recommend_id("reader", 0, True), model.recommend_id("reader", -3, True)), ([], []))

    def test_ties_go_to_the_lower_index(self):
        row = torch.tensor([[1.0, 2, 2, 1, 3, 2, -INFINITY], [0, 0, 0, 0, 0, 0, 0]])
        for k in (1, 2, 3, 5, 6):
            items, scores = self.models["bpr"].top(row, k)
            self.assertEqual(items.tolist(), [[4, 1, 2, 5, 0, 3][:k], [0, 1, 2, 3, 4, 5][:k]])
            self.assertEqual(scores[0].tolist(), [3, 2, 2, 2, 1, 1][:k])

    def test_similar_items_are_the_cosine_without_the_item_itself(self):
        every = torch.arange(len(self.items))
        for name in ["latent_factor", "bpr"]:
            model = self.models[name]
            gamma = model.gamma_item.numpy().astype(float)
            gamma /= np.linalg.norm(gamma, axis=1, keepdims=True)
            cosine = gamma @ gamma.T
            np.fill_diagonal(cosine, -INFINITY)
            for k in (1, 5, len(self.items) - 1, 10**6):
                items, values = (part.numpy() for part in model.similar_items(every, k))
                self.assertEqual(items.shape, (len(self.items), min(k, len(self.items) - 1)))
                np.testing.assert_array_equal(items, np.argsort(-cosine, axis=1, kind="stable")[:, : items.shape[1]])
                np.testing.assert_allclose(values, np.take_along_axis(cosine, items, 1), atol=1e-6)

    def test_models_without_factors_have_no_similar_items(self):
        for name in ["mean", "bias_only"]:
            for ask in [lambda m: m.similar_items(torch.tensor([0]), 3), lambda m: m.similar_items_id("é!", 3)]:
                with self.assertRaisesRegex(Exception, f"a model of kind {name} has no factors"):
                    ask(self.models[name])

    def test_the_id_forms_say_what_the_index_forms_and_the_program_say(self):
        model = self.models["latent_factor"]
        for user, item in [(name, STRANGE[-1 - n] + "!") for n, name in enumerate(STRANGE)]:
            with self.subTest(user=user, item=item):
                u, i = torch.tensor([self.users.index(user)]), torch.tensor([self.items.index(item)])
                score = model.predict_id(user, item)
                self.assertEqual(score, float(model(u, i)))
                told = json.loads(self.latent("predict", "latent_factor", "--json", "--", user, item).stdout)
                self.assertEqual((told["user"], told["item"]), (user, item))
                self.assertAlmostEqual(told["score"], score, places=5)
                for asked, ids, (items, scores) in [
                    (["recommend", "--user", user], model.recommend_id(user, 6, True), model.recommend(u, 6, True)),
                    (["similar", "--item", item], model.similar_items_id(item, 6), model.similar_items(i, 6)),
                ]:
                    self.assertEqual(ids, [(self.items[n], s) for n, s in zip(items[0].tolist(), scores[0].tolist()) if n >= 0])
                    command, option, name = asked
                    told = json.loads(self.latent(command, "latent_factor", f"{option}={name}", "-k", "6", "--json").stdout)
                    self.assertEqual([entry["item"] for entry in told], [item for item, _ in ids])
                    # The program ranks by its own kernels, TorchScript by torch's product: their sums round apart.
                    for entry, (_, score) in zip(told, ids):
                        self.assertAlmostEqual(entry["score"], score, delta=2e-6)

    def test_unknown_ids_raise_an_error_that_names_them(self):
        model = self.models["bpr"]
        for ask, named in [
            (lambda: model.predict_id("нет", "é!"), "unknown user 'нет'"), (lambda: model.predict_id("é", "no'one"), "unknown item 'no'one'"),
            (lambda: model.recommend_id("", 3, True), "unknown user ''"), (lambda: model.similar_items_id("é", 3), "unknown item 'é'"),
        ]:
            with self.assertRaisesRegex(torch.jit.Error, named):
                ask()

    def test_indices_out_of_range_raise(self):
        zero = torch.tensor([0, 0])
        for name, model in self.models.items():
            for wrong in (-1, 10**6):
                bad = torch.tensor([0, wrong])
                asks = [lambda: model(bad, zero), lambda: model(zero, bad), lambda: model.score_all(bad),
                        lambda: model.recommend(bad, 3, True), lambda: model.recommend(bad, 3, False),
                        lambda: model.similar_items(bad, 3)]
                for n, ask in enumerate(asks):
                    with self.subTest(name, wrong=wrong, ask=n), self.assertRaises((torch.jit.Error, RuntimeError)):
                        ask()

    def test_copies_and_moves_answer_the_same(self):
        for name, model in self.models.items():
            expected = model.recommend_id("张伟", 5, True)
            self.assertTrue(all(not table.requires_grad for table in model.parameters()))
            again = io.BytesIO()
            torch.jit.save(model, again)
            again.seek(0)
            for other in [model.to("cpu"), copy.deepcopy(model), model.eval(), torch.jit.load(again), model.train()]:
                self.assertEqual(other.recommend_id("张伟", 5, True), expected, name)

    def test_a_model_on_a_gpu_answers_the_same(self):
        if not torch.cuda.is_available():
            self.skipTest("this machine has no GPU")
        for name in MODELS:
            model = support.load_model(self.dir / name / "model.pt")
            expected = model.recommend_id("张伟", 5, True)
            moved = model.to("cuda")
            got = moved.recommend_id("张伟", 5, True)
            self.assertEqual([item for item, _ in got], [item for item, _ in expected])
            np.testing.assert_allclose([score for _, score in got], [score for _, score in expected], rtol=1e-5)
            self.assertEqual(moved.score_all(self.every_user().cuda()).device.type, "cuda")

    def test_the_extra_file_holds_config_metrics_and_provenance(self):
        for name in MODELS:
            held = {"latent.json": ""}
            torch.jit.load(str(self.dir / name / "model.pt"), _extra_files=held)
            held = json.loads(held["latent.json"])
            config = self.json(f"{name}/config.json")
            self.assertEqual(held["provenance"], config.pop("provenance"))
            config.pop("read_as")
            self.assertEqual(held["config"], config)
            self.assertEqual(held["metrics"], self.json(f"{name}/metrics.json"))

    def test_a_disk_that_fills_up_leaves_one_line_and_no_file(self):
        whole = (self.dir / "latent_factor/model.pt").stat().st_size
        before = set(self.dir.iterdir())
        for room in (0, 100, whole // 3, whole // 2, whole - 1):

            def fill(room=room):
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

            done = self.latent("export", "latent_factor", "-o", "full.pt", code=1, preexec_fn=fill, restore_signals=False)
            self.assertRegex(done.stderr, r"^latent: full\.pt: cannot write: .+\n$")
            self.assertEqual(set(self.dir.iterdir()), before)

    def test_the_client_says_what_the_program_says(self):
        model = self.dir / "bpr/model.pt"
        for words, asked in [
            (["recommend", "张伟", "-k", "3"], ["recommend", model, "--user", "张伟", "-k", "3"]),
            (["recommend", "张伟", "--include-seen"], ["recommend", model, "--user", "张伟", "--include-seen"]),
            (["similar", "🙂📚!"], ["similar", model, "--item", "🙂📚!"]), (["predict", "Анна", "é!"], ["predict", model, "Анна", "é!"]),
        ]:
            self.assertEqual(self.client(model, *words), (self.latent(*asked).stdout, None))

    def test_the_clients_errors_are_one_line(self):
        model = self.dir / "mean/model.pt"
        for path, words, told in [
            (model, ["recommend", "nobody"], "unknown user 'nobody'"), (model, ["similar", "é!"], "has no factors"),
            (self.dir / "d.csv", ["similar", "é!"], "cannot be loaded"), (self.dir / "none.pt", ["similar", "é!"], "cannot be loaded"),
        ]:
            out, code = self.client(path, *words)
            self.assertEqual(out, "")
            self.assertRegex(code, rf"^{path}: .*{told}")
            self.assertNotIn("\n", code)

    def test_the_client_needs_torch_alone(self):
        tree = ast.parse(CLIENT.read_text(encoding="utf-8"))
        imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        self.assertEqual(imported - set(sys.stdlib_module_names), {"torch"})

    def client(self, *words):
        """(stdout, what it exits with) of scripts/use_model.py; run in this process, since importing torch takes seconds."""
        out = io.StringIO()
        with mock.patch.object(sys, "argv", [str(CLIENT), *map(str, words)]), contextlib.redirect_stdout(out):
            try:
                runpy.run_path(str(CLIENT), run_name="__main__")
            except SystemExit as end:
                return out.getvalue(), end.code
        return out.getvalue(), None


if __name__ == "__main__":
    try:
        import torch
    except ImportError:
        print("this Python has no torch: skipped")
        sys.exit(77)
    support.main()
