"""Clients of others, unchanged: Triton's for the inference protocol, schemathesis for the description of all paths. Skipped where they are not installed;
tests/python/run.py has them, and scripts/soak.sh asks 10,000 times."""

import json
import pathlib
import subprocess
import sys
import unittest

import numpy as np

import support
from solver_case import Small
from test_serve_http import Server

try:
    import tritonclient.http as triton
except ImportError:
    triton = None
try:
    import schemathesis
except ImportError:
    schemathesis = None


class Clients(Small):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        support.Case.train(cls(), "svd", "model.name=svd", "model.factors=4", "train.epochs=4")

    @unittest.skipUnless(triton, "no tritonclient here")
    def test_tritons_client_works_unchanged(self):
        with Server(self, "svd") as server:
            client = triton.InferenceServerClient(f"127.0.0.1:{server.port}")
            self.assertTrue(client.is_server_live() and client.is_server_ready() and client.is_model_ready("svd"))
            self.assertEqual(client.get_server_metadata()["name"], "latent")
            self.assertEqual([one["name"] for one in client.get_model_metadata("svd")["outputs"]], ["item", "score"])
            expected = [json.loads(self.latent("recommend", "svd", "--user", user, "-k", "4", "--json").stdout) for user in ["u1", "u3"]]
            for binary in [True, False]:
                user = triton.InferInput("user", [2], "BYTES")
                user.set_data_from_numpy(np.array(["u1", "u3"], dtype=object), binary_data=binary)
                k = triton.InferInput("k", [1], "INT64")
                k.set_data_from_numpy(np.array([4]), binary_data=binary)
                outputs = [triton.InferRequestedOutput(name, binary_data=binary) for name in ["item", "score"]]
                for wanted in [None, outputs]:
                    got = client.infer("svd", [user, k], outputs=wanted)
                    self.assertEqual([[item.decode() if binary or wanted is None else str(item) for item in row] for row in got.as_numpy("item")],
                                     [[one["item"] for one in row] for row in expected])
                    np.testing.assert_allclose(got.as_numpy("score"), [[one["score"] for one in row] for row in expected], rtol=1e-5)
            with self.assertRaisesRegex(triton.InferenceServerException, "unknown user"):
                user = triton.InferInput("user", [1], "BYTES")
                user.set_data_from_numpy(np.array(["nobody"], dtype=object))
                client.infer("svd", [user])

    @unittest.skipUnless(schemathesis, "no schemathesis here")
    def test_nothing_that_the_description_allows_is_a_failure_of_the_server(self):
        with Server(self, "svd") as server:
            done = subprocess.run([pathlib.Path(sys.executable).parent / "st", "run", f"http://127.0.0.1:{server.port}/openapi.json", "--checks", "not_a_server_error",
                                   "--max-examples", "8"], capture_output=True, text=True, timeout=1200)
            self.assertEqual(done.returncode, 0, done.stdout[-4000:] + done.stderr[-2000:])
            self.assertIsNone(server.process.poll())


if __name__ == "__main__":
    support.main()
