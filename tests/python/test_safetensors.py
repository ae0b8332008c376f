"""Files of `latent export -o FILE.safetensors` and of PyPI's safetensors, each read by the other."""

import importlib.util
import json
import unittest

import latent
import models
import numpy as np

KINDS = ["svd", "bpr", "bayesian_mf", "implicit_bpr", "mean"]


@unittest.skipIf(importlib.util.find_spec("safetensors") is None, "safetensors is not installed")
class Interchange(models.Case):
    def exported(self, kind):
        path = self.dir / f"{kind}.safetensors"
        if not path.exists():
            self.model_file(kind)
            self.latent("export", kind, "-o", path)
        return path

    def rewritten(self, kind, name, change=lambda tensors: None):
        """The file as safetensors writes what it has read, with its description."""
        from safetensors import safe_open
        from safetensors.numpy import load_file, save_file

        tensors = load_file(self.exported(kind))
        with safe_open(self.exported(kind), framework="np") as file:
            metadata = file.metadata()
        change(tensors)
        save_file(tensors, self.dir / name, metadata=metadata)
        return self.dir / name

    def assert_same_answers(self, one, other):
        users, items = list(one.users), list(one.items)
        self.assertEqual((list(other.users), list(other.items)), (users, items))
        self.assertEqual(other.recommend(users, 9), one.recommend(users, 9))
        self.assertEqual(other.predict("Анна", items).tolist(), one.predict("Анна", items).tolist())
        self.assertEqual(other.popular("é", 9), one.popular("é", 9))
        if one.factors:
            self.assertEqual(other.similar(items, 4), one.similar(items, 4))

    def test_it_reads_our_files(self):
        from safetensors import safe_open
        from safetensors.numpy import load_file

        for kind in KINDS:
            with self.subTest(kind):
                theirs, ours = load_file(self.exported(kind)), latent.load(self.exported(kind)).tables
                self.assertEqual(set(theirs), set(ours))
                for name, array in theirs.items():
                    np.testing.assert_array_equal(array, ours[name])
                    self.assertEqual(array.dtype, ours[name].dtype)
                with safe_open(self.exported(kind), framework="np") as file:
                    self.assertEqual(json.loads(file.metadata()["latent"]), latent.load(self.exported(kind)).metadata)

    def test_its_files_answer_as_ours_do(self):
        for kind in KINDS:
            with self.subTest(kind):
                again = self.rewritten(kind, "again.safetensors")
                self.assertNotEqual(again.read_bytes(), b"")
                self.assert_same_answers(latent.load(self.model_file(kind)), latent.load(self.exported(kind)))
                self.assert_same_answers(latent.load(self.model_file(kind)), latent.load(again))
                self.assertEqual(self.told("recommend", again, "--user", "Анна"), self.told("recommend", kind, "--user", "Анна"))

    def test_a_file_in_another_order_and_with_more_in_it_is_read(self):
        def more(tensors):
            tensors["zz"] = np.zeros((3, 3))
            tensors["AA"] = np.ones(5, np.uint8)

        self.assert_same_answers(latent.load(self.model_file("svd")), latent.load(self.rewritten("svd", "more.safetensors", more)))

    def test_a_changed_or_missing_table_is_refused(self):
        def changed(tensors):
            tensors["gamma_item"] = tensors["gamma_item"] * 2

        with self.assertRaisesRegex(latent.ModelError, "gamma_item is damaged"):
            latent.load(self.rewritten("svd", "changed.safetensors", changed)).recommend("Анна")
        with self.assertRaisesRegex(latent.ModelError, "gamma_item"):
            latent.load(self.rewritten("svd", "without.safetensors", lambda tensors: tensors.pop("gamma_item")))

    def test_a_file_of_another_library_is_refused(self):
        from safetensors.numpy import save_file

        save_file({"weight": np.zeros((2, 2), np.float32)}, self.dir / "other.safetensors")
        with self.assertRaisesRegex(latent.ModelError, r"other\.safetensors: not a model exported by latent"):
            latent.load(self.dir / "other.safetensors")


if __name__ == "__main__":
    unittest.main()
