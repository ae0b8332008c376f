"""model.precision: factors in bfloat16 are trained to the same bits always, and read by everything that reads factors."""

import json
import struct

import numpy as np

import support

HALF = "model.precision=bfloat16"
MODELS = {
    "latent_factor": ["model.name=latent_factor", "model.init_std=0.1", "train.steps=12", "train.batch_size=9000"],
    "bpr": ["model.name=bpr", "model.init_std=0.1", "train.steps=12", "train.batch_size=9000", "train.optimizer=adam_lazy"],
    "mf": ["model.name=mf", "train.epochs=4", "train.patience=0", "train.batch_size=512", "train.negatives=32"],
    "own": ["model.name=mf", "mf.loss=bpr", "train.epochs=2", "train.patience=0", "train.batch_size=700", "train.negatives=3",
            "train.negatives_shared=false", "train.optimizer=sgd"],
    "directau": ["model.name=mf", "mf.loss=directau", "train.epochs=2", "train.patience=0", "train.batch_size=256",
                 "train.optimizer=adagrad"],
}


class Precision(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        support.write_rows(cls.dir / "d.csv", support.random_rows(200, 100, 6000))
        support.write_config(cls.dir / "config.json", data="d.csv", split={"test": 0.1, "valid": 0.1},
                             model={"factors": 8}, train={"lr": 0.01})
        for name, sets in MODELS.items():
            support.Case.train(cls(), name, *sets, HALF, "train.threads=1")

    def last(self, run):
        return support.read_checkpoint(self.checkpoints(run)[-1])

    def safetensors(self, path, name):
        raw = (self.dir / path).read_bytes()
        begin = 8 + struct.unpack("<Q", raw[:8])[0]
        entry = json.loads(raw[8:begin])[name]
        self.assertEqual(entry["dtype"], "F32")
        first, end = entry["data_offsets"]
        return np.frombuffer(raw[begin + first:begin + end], "<f4").reshape(entry["shape"])

    def assert_same_run(self, one, other):
        (state, tensors), (other_state, others) = self.last(one), self.last(other)
        self.assert_same_tensors(tensors, others)
        self.assertEqual(state["objective"], other_state["objective"])
        self.assertEqual(*(self.json(f"{run}/metrics.json")["test"] for run in (one, other)))

    def test_the_bits_are_the_same_for_any_number_of_threads(self):
        for name, sets in MODELS.items():
            for threads in (2, 3, 5):
                with self.subTest(name, threads=threads):
                    self.train("threads", *sets, HALF, f"train.threads={threads}", flags=["--overwrite"])
                    self.assert_same_run("threads", name)

    def test_factors_are_of_16_bits_and_close_to_those_of_floats(self):
        for name, sets in MODELS.items():
            with self.subTest(name):
                self.train("floats", *sets, "train.threads=1", flags=["--overwrite"])
                _, halves = self.last(name)
                _, floats = self.last("floats")
                self.assertEqual(list(halves), list(floats))
                for table in ("model.gamma_user.weight", "model.gamma_item.weight"):
                    self.assertFalse((halves[table].view(np.uint32) & 0xFFFF).any(), "more than 16 bits")
                    self.assertTrue((floats[table].view(np.uint32) & 0xFFFF).any())
                    far = np.abs(halves[table] - floats[table]).mean() / np.abs(floats[table]).mean()
                    self.assertLess(far, 0.1)
                entries = sum(halves[f"model.gamma_{side}.weight"].size for side in ("user", "item"))
                sizes = [self.checkpoints(run)[-1].stat().st_size for run in ("floats", name)]
                self.assertAlmostEqual(sizes[0] - sizes[1], 2 * entries, delta=200)  # beside the header's words

    def test_a_stopped_run_goes_on_to_the_same_bits(self):
        for name in ("latent_factor", "bpr"):
            with self.subTest(name):
                self.train("short", *MODELS[name], HALF, "train.steps=5", flags=["--overwrite"])
                self.latent("train", "--resume", "short", "--set", "train.steps=12")
                self.assert_same_run("short", name)

    def test_early_stopping_and_a_refit_resume_to_the_same_bits(self):
        sets = [*MODELS["latent_factor"], HALF, "train.steps=60", "train.patience=3", "train.eval_every=5", "train.refit=true",
                "export.fit=all"]
        self.train("stopped", *sets, "train.threads=1")
        self.train("again", *sets, "train.threads=2")
        self.assert_same_run("stopped", "again")
        tables = [support.model_tables(self.dir / run / "model.pt") for run in ("stopped", "again")]
        self.assert_same_tensors(*tables)

    def test_a_checkpoint_of_the_other_precision_is_refused(self):
        for run, sets, other, had in [("half", [HALF], "float", "bfloat16"), ("whole", [], "bfloat16", "float")]:
            with self.subTest(run):
                self.train(run, *MODELS["bpr"], "train.steps=5", *sets)
                line = self.complaint("train", "--resume", run, "--set", f"model.precision={other}", "--set", "train.steps=12")
                self.assertEqual(line, f"'model.precision' was \"{had}\" in {run} and is \"{other}\" now; resume with the run's own "
                                       "value, or train a new run")

    def test_other_models_and_a_gpu_are_refused(self):
        for model in ("svd", "ials", "bias_only", "popularity", "mean"):
            with self.subTest(model):
                line = self.complaint("train", "config.json", "--run-dir", "none", *support.set_options(
                    [f"model.name={model}", HALF, "model.factors=5", "train.lr=0.1"]))
                self.assertEqual(line, "model.precision = bfloat16 is for latent_factor, bpr and mf; leave it out for " + model)
        line = self.complaint("train", "config.json", "--run-dir", "none", "--set", HALF, "--set", "train.device=cuda")
        self.assertEqual(line, "train.device = cuda, but model.precision = bfloat16 is trained on the CPU; use cpu or auto")
        line = self.complaint("train", "config.json", "--run-dir", "none", "--set", "model.precision=half")
        self.assertEqual(line, "--set: 'model.precision' must be one of float bfloat16, not \"half\"")

    def test_every_file_has_the_same_values_as_floats(self):
        for name in ("latent_factor", "bpr", "mf"):
            with self.subTest(name):
                _, tensors = self.last(name)
                user, item = (tensors[f"model.gamma_{side}.weight"] for side in ("user", "item"))
                if name == "mf":  # cosines: rows of length 1
                    user, item = (t / np.linalg.norm(t, axis=1, keepdims=True) for t in (user, item))
                same = (lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-6)) if name == "mf" else np.testing.assert_array_equal
                model = support.model_tables(self.dir / name / "model.pt")
                self.assertEqual(model["gamma_user"].dtype, np.float32)
                same(model["gamma_user"], user)
                same(model["gamma_item"], item)
                self.latent("export", name, "--format", "safetensors", "-o", f"{name}.safetensors")
                stored = self.safetensors(f"{name}.safetensors", "gamma_user")
                np.testing.assert_array_equal(stored, model["gamma_user"])
                self.latent("export", name, "--format", "npz", "-o", f"{name}.npz")
                with np.load(self.dir / f"{name}.npz") as tables:
                    key = "gamma_item" if name == "latent_factor" else "item_factors"
                    self.assertEqual(tables[key].dtype, np.float32)
                    same(tables[key][:, :8], item)

    def test_a_saved_run_is_judged_and_asked_as_any_other(self):
        for name in ("latent_factor", "bpr", "mf"):
            with self.subTest(name):
                judged = json.loads(self.latent("evaluate", name, "--json").stdout)
                self.assertEqual(judged["test"], self.json(f"{name}/metrics.json")["test"])
                model = f"{name}/model.pt"
                self.assertTrue(json.loads(self.latent("recommend", model, "--user", "u1", "--json").stdout))
                self.latent("similar", model, "--item", "i1")
                self.latent("recommend", model, "--items", "i1,i2" if name != "latent_factor" else "i1:5,i2:1")
                self.latent("explain", model, "--user", "u1", "--item", "i1")

    def test_other_runs_begin_with_its_tables(self):
        still = ["train.optimizer=sgd", "train.lr=1e-30", "train.lambda=0", "train.steps=1"]
        _, tensors = self.last("latent_factor")
        self.latent("export", "latent_factor", "--format", "npz", "-o", "tables.npz")
        for source in ("model.init_from=latent_factor", "model.init_path=tables.npz"):
            for precision in (HALF, "model.precision=float"):
                with self.subTest(source, precision=precision):
                    self.train("warm", *MODELS["latent_factor"], *still, source, precision, flags=["--overwrite"])
                    _, taken = self.last("warm")
                    for table in ("model.gamma_user.weight", "model.gamma_item.weight"):
                        np.testing.assert_array_equal(taken[table], tensors[table])

    def test_a_sweep_takes_it(self):
        support.write_config(self.dir / "sweep.json", data="d.csv", split={"test": 0.1, "valid": 0.1},
                             model={"name": "bpr", "factors": 4, "precision": "bfloat16"}, train={"epochs": 3, "lr": 0.01},
                             sweep={"over": {"train.lambda": [0.001, 0.01]}, "trials": 2, "metric": "ndcg@10"})
        self.latent("sweep", "sweep.json", "--run-dir", "swept")
        self.assertEqual(self.json("swept/winner/config.json")["model"]["precision"], "bfloat16")


if __name__ == "__main__":
    support.main()
