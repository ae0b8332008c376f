"""`latent export --format triton`: the configs are what Triton's own description of a config reads."""

import importlib.util
import unittest

import models

HAS_TRITON = importlib.util.find_spec("tritonclient") is not None and importlib.util.find_spec("google.protobuf") is not None


def read_config(path):
    from google.protobuf import text_format
    from tritonclient.grpc import model_config_pb2

    return text_format.Parse(path.read_text(encoding="utf-8"), model_config_pb2.ModelConfig()), model_config_pb2


@unittest.skipUnless(HAS_TRITON, "tritonclient and protobuf are not installed")
class Triton(models.Case):
    def exported(self, *words, kind="svd"):
        self.model_file(kind)
        self.latent("export", kind, "--format", "triton", "-o", "repo/", *words)
        return self.dir / "repo"

    def test_each_model_is_a_folder_with_a_config_of_its_name(self):
        repo = self.exported()
        self.assertEqual(sorted(path.name for path in repo.iterdir()), ["svd", "svd_index"])
        for folder in repo.iterdir():
            self.assertEqual(sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()), ["1/model.pt", "config.pbtxt"])
            config, _ = read_config(folder / "config.pbtxt")
            self.assertEqual((config.name, config.platform), (folder.name, "pytorch_libtorch"))
            self.assertEqual(config.parameters["ENABLE_WEIGHT_SHARING"].string_value, "true")

    def test_ids_are_strings_in_one_dimension(self):
        config, proto = read_config(self.exported("-k", "7") / "svd/config.pbtxt")
        self.assertEqual(config.max_batch_size, 0)  # as strings ask for
        self.assertEqual([(p.name, p.data_type, list(p.dims)) for p in config.input], [("INPUT__0", proto.TYPE_STRING, [-1])])
        self.assertEqual([(p.name, p.data_type, list(p.dims)) for p in config.output],
                         [("OUTPUT__0", proto.TYPE_STRING, [-1]), ("OUTPUT__1", proto.TYPE_FP32, [-1, 7])])

    def test_indices_are_batched(self):
        config, proto = read_config(self.exported("-k", "7") / "svd_index/config.pbtxt")
        self.assertGreater(config.max_batch_size, 1)
        self.assertTrue(config.HasField("dynamic_batching"))
        self.assertEqual([(p.name, p.data_type, list(p.dims)) for p in config.input], [("INPUT__0", proto.TYPE_INT64, [1])])
        self.assertEqual([(p.name, p.data_type, list(p.dims)) for p in config.output],
                         [("OUTPUT__0", proto.TYPE_INT64, [7]), ("OUTPUT__1", proto.TYPE_FP32, [7])])

    def test_lists_are_no_longer_than_the_catalogue(self):
        config, _ = read_config(self.exported("-k", "99") / "svd_index/config.pbtxt")
        self.assertEqual(list(config.output[0].dims), [30])


if __name__ == "__main__":
    unittest.main()
