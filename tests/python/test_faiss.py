"""scripts/to_faiss.py: what an index of FAISS finds of the exact lists."""

import importlib.util
import subprocess
import sys
import unittest

import latent
import models
import numpy as np

sys.path.insert(0, str(models.support.ROOT / "scripts"))
import to_faiss  # noqa: E402


@unittest.skipIf(importlib.util.find_spec("faiss") is None, "faiss is not installed")
class Faiss(models.Case):
    def exact(self, model):
        return model.recommend(np.arange(40), 30, exclude_seen=False)[0]

    def test_a_flat_index_of_either_space_finds_the_exact_lists(self):
        for kind in ["svd", "bpr", "implicit_bpr", "ials", "elsa"]:
            model = latent.load(self.model_file(kind))
            for space in ("inner", "column"):
                with self.subTest(kind, space=space):
                    index, name, values = to_faiss.build(model, "flat", space)
                    self.assertEqual(to_faiss.measured(model, index, name, values, users=40, k=10), [(None, 1.0)])
                    _, found = index.search(to_faiss.queries(model, np.arange(40), index), 30)
                    np.testing.assert_array_equal(found, self.exact(model))

    def test_distances_without_the_column_are_the_trap(self):
        rng = np.random.default_rng(0)
        x = (rng.normal(size=(2000, 8)) * np.exp(rng.normal(size=(2000, 1)))).astype(np.float32)
        q = rng.normal(size=(200, 8)).astype(np.float32)
        exact = np.argsort(-(q @ x.T), axis=1)[:, :10]
        import faiss

        column, _ = to_faiss.made_index("flat", to_faiss.with_length(x), faiss.METRIC_L2)
        column.add(to_faiss.with_length(x))
        raw, _ = to_faiss.made_index("flat", x, faiss.METRIC_L2)
        raw.add(x)
        padded = np.hstack([q, np.zeros((200, 1), np.float32)])
        self.assertGreater(to_faiss.recall(column.search(padded, 10)[1], exact), 0.999)
        self.assertLess(to_faiss.recall(raw.search(q, 10)[1], exact), 0.01)

    def test_vectors_with_the_column_are_of_one_length(self):
        x = np.random.default_rng(1).normal(size=(50, 5)).astype(np.float32)
        even = to_faiss.with_length(x)
        np.testing.assert_array_equal(even[:, :5], x)
        np.testing.assert_allclose((even**2).sum(1), (x**2).sum(1).max(), rtol=1e-5)

    def test_the_script_writes_an_index_that_answers(self):
        import faiss

        path = self.model_file("implicit_bpr")
        script = [sys.executable, str(models.support.ROOT / "scripts/to_faiss.py"), str(path)]
        for kind in ["hnsw", "flat"]:
            out = self.dir / f"{kind}.faiss"
            done = subprocess.run([*script, "-o", str(out), "--index", kind], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertRegex(done.stdout, rf"{kind} inner.*: recall@10 [01]\.\d+\n(.*\n)*wrote {out} \((inner|column)\)\n$")
            model, index = latent.load(path), faiss.read_index(str(out))
            _, found = index.search(to_faiss.queries(model, np.arange(40), index), 10)
            self.assertGreater(to_faiss.recall(found, self.exact(model)[:, :10]), 0.95)
        done = subprocess.run([*script[:2], str(self.model_file("mean"))], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertRegex(done.stderr, r"model\.pt: a model of kind mean has no factors to search\n$")


if __name__ == "__main__":
    unittest.main()
