"""What the package promises beside its answers: tables without copies, errors, ids, types, threads."""

import gc
import importlib.util
import pathlib
import pickle
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest

import latent
import models
import numpy as np

TYPED = """
import numpy as np
import latent

model = latent.load("model.pt", map=True)
one: list[latent.Scored] = model.recommend("u", k=3, exclude=["a"], only=np.array([True]))
many: list[list[latent.Scored]] = model.recommend(["u", "v"])
items, scores = model.recommend(np.arange(3))
score: float = model.predict("u", "i")
scores = model.predict(["u"], np.array(["i"]))
ids: list[str] = [id for id, _ in model.similar("i")]
table: np.ndarray = model.tables["gamma_item"]
first: str = model.users[0]
"""


class Package(models.Case):
    def model(self, kind="svd", **how):
        return latent.load(self.model_file(kind), **how)

    def test_tables_lie_in_the_model_and_keep_it_alive(self):
        for map in (False, True):
            model = self.model(map=map)
            table = model.tables["gamma_item"]
            self.assertEqual((table.shape, table.dtype), ((30, 4), np.float32))
            self.assertTrue(np.shares_memory(table, model.tables["gamma_item"]))
            self.assertFalse(table.flags.owndata or table.flags.writeable)
            with self.assertRaises(ValueError):
                table[0, 0] = 1
            with self.assertRaises(ValueError):
                table.flags.writeable = True
            before = table.copy()
            del model
            gc.collect()
            np.testing.assert_array_equal(table, before)

    def test_tables_are_those_that_the_file_describes(self):
        for kind in ["svd", "bpr", "bayesian_mf", "mean"]:
            model = self.model(kind)
            described = model.metadata["arrays"]
            self.assertEqual(set(model.tables), set(described))
            for name, array in model.tables.items():
                self.assertEqual((list(array.shape), array.dtype.name), (described[name]["shape"], described[name]["type"]))
        with self.assertRaises(KeyError):
            model.tables["nothing"]

    def test_ids_are_a_sequence(self):
        model = self.model()
        users = list(dict.fromkeys(row[0] for row in self.rows))
        self.assertEqual(list(model.users), users)
        self.assertEqual((model.users[0], model.users[-1], model.users[3:6]), (users[0], users[-1], users[3:6]))
        self.assertEqual(model.users[::-7], users[::-7])
        self.assertEqual(model.users.find(["nobody", users[7]]).tolist(), [-1, 7])
        self.assertEqual(model.users.index(users[7]), 7)
        self.assertTrue("Анна" in model.users and "nobody" not in model.users and 3 not in model.users)
        for wrong in (40, -41):
            with self.assertRaises(IndexError):
                model.users[wrong]
        with self.assertRaises(ValueError):
            model.users.index("nobody")
        self.assertTrue(model.knows_user("Анна") and model.knows_item("é!"))
        self.assertFalse(model.knows_user("nobody") or model.knows_item("nothing"))
        self.assertEqual(model.title("é!"), "")

    def test_unknown_ids_and_indices_are_named(self):
        model = self.model()
        for ask, told in [
            (lambda: model.recommend("Анн"), r"model\.pt: unknown user 'Анн'; did you mean 'Анна'\?"),
            (lambda: model.recommend(["Анна", "nobody"]), "unknown user 'nobody'"),
            (lambda: model.recommend(np.array(["nobody"])), "unknown user 'nobody'"),
            (lambda: model.recommend(np.array([0, 40])), "no row has the index 40; there are 40"),
            (lambda: model.recommend(np.array([-1])), "no row has the index -1"),
            (lambda: model.recommend("Анна", exclude=np.array([30])), "no row has the index 30"),
            (lambda: model.similar("no'thing"), "unknown item 'no'thing'"),
            (lambda: model.similar_users(""), "unknown user ''"),
            (lambda: model.predict("Анна", "nothing"), "unknown item 'nothing'"),
            (lambda: model.rank("Анна", ["é!", "nothing"]), "unknown item 'nothing'"),
            (lambda: model.recommend("\udcff"), "unknown user"),
        ]:
            with self.subTest(told):
                with self.assertRaisesRegex(latent.UnknownIdError, told) as caught:
                    ask()
                self.assertIsInstance(caught.exception, KeyError)
                self.assertIsInstance(caught.exception, latent.Error)
                self.assertNotIn("\n", str(caught.exception))

    def test_an_untrained_user_is_named_and_an_untrained_item_stands_in_no_list(self):
        (self.dir / "train.csv").write_text("user,item,rating\n" + "".join(f"u{n % 9},i{n % 7},{n % 5 + 1}\n" for n in range(50)))
        (self.dir / "test.csv").write_text("user,item,rating\nstranger,i1,4\nu1,novelty,2\n")
        models.support.write_config(self.dir / "files.json", data={"path": "train.csv", "test_path": "test.csv"}, split={"kind": "files"},
                                    model={"name": "svd", "factors": 3})
        self.train("untrained", config="files.json")
        model = latent.load(self.dir / "untrained/model.pt")
        self.assertIn("stranger", model.users)
        self.assertFalse(model.knows_user("stranger") or model.knows_item("novelty"))
        for user in ("stranger", model.users.find(["stranger"])):
            with self.assertRaisesRegex(latent.UnknownIdError, "user 'stranger' has no row that the model was trained on"):
                model.recommend(user)
        self.assertNotIn("novelty", [id for id, _ in model.recommend("u1", 99, exclude_seen=False)])
        self.assertEqual([id for id, _ in model.rank("u1", ["novelty", "i1"])], ["i1"])

    def test_questions_of_the_wrong_kind_are_refused(self):
        model = self.model()
        for ask, error, told in [
            (lambda: model.recommend(7), TypeError, "sequence of ids or an array of indices, not 7"),
            (lambda: model.recommend([7, 8]), TypeError, "an id is a str; indices go in a NumPy array"),
            (lambda: model.recommend(b"u"), TypeError, "not b'u'"),
            (lambda: model.recommend(np.array([1.5])), TypeError, "not of float64"),
            (lambda: model.recommend(np.array([[1]])), ValueError, "one dimension"),
            (lambda: model.recommend("Анна", -1), ValueError, "k must not be negative"),
            (lambda: model.recommend("Анна", exclude="é!"), TypeError, "sequence of ids"),
            (lambda: model.recommend("Анна", only=np.array([True])), ValueError, "each of the 30 items"),
            (lambda: self.model("mean").similar("é!"), latent.ModelError, "a model of kind mean has no factors"),
        ]:
            with self.subTest(told), self.assertRaisesRegex(error, told):
                ask()

    def test_files_that_are_no_models_are_refused_by_one_line(self):
        whole = self.model_file("svd").read_bytes()
        for name, content, told in [
            ("text.pt", b"user,item\n", "not a model exported by latent"), ("empty.pt", b"", "not a model exported by latent"),
            ("cut.pt", whole[: len(whole) // 2], "cut.pt: "),
        ]:
            (self.dir / name).write_bytes(content)
            with self.subTest(name), self.assertRaisesRegex(latent.ModelError, told) as caught:
                latent.load(self.dir / name)
            self.assertIsInstance(caught.exception, ValueError)
            self.assertNotIn("\n", str(caught.exception))
        with self.assertRaisesRegex(latent.ModelNotFoundError, "none.pt: no such model file") as caught:
            latent.load(self.dir / "none.pt")
        self.assertIsInstance(caught.exception, FileNotFoundError)

    def test_a_damaged_table_is_refused_when_it_is_used(self):
        model = self.model()
        place = self.model_file("svd").read_bytes().find(model.tables["gamma_item"].tobytes())
        damaged = bytearray(self.model_file("svd").read_bytes())
        damaged[place + 5] ^= 1
        (self.dir / "damaged.pt").write_bytes(damaged)
        for ask in [lambda m: m.tables["gamma_item"], lambda m: m.recommend("Анна"), lambda m: m.recommend(np.arange(3))]:
            with self.assertRaisesRegex(latent.ModelError, "the array gamma_item is damaged"):
                ask(latent.load(self.dir / "damaged.pt"))

    def test_a_loaded_model_outlives_its_file(self):
        shutil.copy(self.model_file("svd"), self.dir / "copy.pt")
        model, expected = latent.load(self.dir / "copy.pt"), self.model().recommend("Анна")
        (self.dir / "copy.pt").write_bytes(b"")
        self.assertEqual(model.recommend("Анна"), expected)

    def test_a_long_answer_lets_other_threads_run(self):
        model, began, overlapped = self.model(), threading.Event(), []
        users = np.tile(np.arange(40), 20_000)
        done = []

        def ask():
            began.set()
            model.recommend(users, 30, threads=1)
            done.append(True)

        interval = sys.getswitchinterval()
        sys.setswitchinterval(30)  # nobody runs but where the lock is given up
        try:
            thread = threading.Thread(target=ask)
            thread.start()
            began.wait()
            overlapped.append(not done)
            thread.join()
        finally:
            sys.setswitchinterval(interval)
        self.assertEqual(overlapped, [True])

    def test_threads_that_ask_at_once_get_the_same_answers(self):
        model, answers = self.model(), []
        threads = [threading.Thread(target=lambda: answers.append(model.recommend(list(model.users), 9))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(answers, [self.model().recommend(list(model.users), 9)] * 8)

    def test_answers_are_tuples_that_can_be_kept(self):
        listed = self.model().recommend("Анна", 2)
        self.assertEqual(pickle.loads(pickle.dumps(listed)), listed)
        self.assertEqual((listed[0].id, listed[0].score), tuple(listed[0]))

    def test_the_version_is_the_projects(self):
        project = (models.support.ROOT / "CMakeLists.txt").read_text()
        self.assertEqual(re.findall(r"project\(latent VERSION (\S+) ", project), [latent.__version__])


class Types(unittest.TestCase):
    def check(self, *arguments):
        if importlib.util.find_spec("mypy") is None:
            self.skipTest("mypy is not installed")
        done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_the_package_says_its_types(self):
        package = pathlib.Path(latent.__file__).parent
        self.assertTrue((package / "py.typed").is_file() and (package / "_native.pyi").is_file())
        self.check("-m", "mypy", "--strict", "-c", TYPED)
        with self.assertRaisesRegex(AssertionError, 'Incompatible types in assignment'):
            self.check("-m", "mypy", "--strict", "-c", TYPED + "wrong: str = model.predict('u', 'i')")

    def test_the_stub_is_of_the_compiled_part(self):
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as allowed:
            allowed.write("latent._native.NativeModel\n")  # its metaclass is nanobind's own; its methods are compared
            allowed.flush()
            self.check("-m", "mypy.stubtest", "latent._native", "--allowlist", allowed.name)

    def test_the_packages_own_code_is_typed(self):
        self.check("-m", "mypy", "--strict", "-p", "latent")


if __name__ == "__main__":
    unittest.main()
