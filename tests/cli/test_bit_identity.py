"""The number of threads changes no bit: not of the weights, the optimizer's state, the log, the metrics or the model file."""

import support

# model, form, optimizer, other knobs. Batches are no multiple of any chunk, and tables span several chunks.
CASES = [
    ("latent_factor", "pytorch", "adam", []),
    ("latent_factor", "tensorflow", "adam", ["model.factors=13"]),
    ("latent_factor", "pytorch", "sgd", []),
    ("latent_factor", "tensorflow", "adagrad", []),
    ("latent_factor", "pytorch", "adam", ["train.steps=0", "train.epochs=2", "train.batch_size=7001", "split.valid=0.1",
                                          "train.patience=9", "eval.metrics=all"]),
    ("latent_factor", "pytorch", "adam_lazy", []),
    ("bias_only", "pytorch", "adam", []),
    ("bias_only", "tensorflow", "sgd", []),
    ("bpr", "pytorch", "adam", []),
    ("bpr", "tensorflow", "adam", ["model.factors=13"]),
    ("bpr", "pytorch", "adagrad", ["train.rows=all"]),
    ("bpr", "tensorflow", "adam_lazy", []),
    ("bpr", "tensorflow", "sgd", ["train.steps=0", "train.epochs=2", "train.batch_size=7001", "split.valid=0.1",
                                  "train.patience=9", "train.monitor=auc"]),
]


class BitIdentity(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        support.write_rows(cls.dir / "d.csv", support.random_rows(5003, 3001, 20011))
        support.write_config(cls.dir / "config.json", data="d.csv", split={"test": 0.05},
                             train={"steps": 5, "batch_size": 50001, "lr": 0.05, "lambda": 1e-4})

    def result(self, run, sets):
        self.train(run, *sets)
        state, tensors = support.read_checkpoint(self.checkpoints(run)[-1])
        log = [{name: value for name, value in line.items() if name != "seconds"} for line in self.log(run)]
        metrics = self.json(f"{run}/metrics.json")
        return tensors, (log, {**state, "seconds": 0}, metrics["test"], metrics["valid"])

    def test_one_two_and_three_threads_agree_bit_for_bit(self):
        for number, (model, form, optimizer, more) in enumerate(CASES):
            with self.subTest(model=model, form=form, optimizer=optimizer, more=more):
                sets = [f"model.name={model}", *support.factors(model, 7), f"train.form={form}", f"train.optimizer={optimizer}", *more]
                tensors, figures = self.result(f"{number}-1", [*sets, "train.threads=1"])
                self.assertTrue(any(name.startswith("optimizer.") for name in tensors) or optimizer == "sgd")
                for threads in (2, 3):
                    others, again = self.result(f"{number}-{threads}", [*sets, f"train.threads={threads}"])
                    self.assert_same_tensors(tensors, others)
                    self.assertEqual(figures, again)

    def test_the_exported_tables_agree_too(self):
        tables = []
        for threads in (1, 3):
            self.train(f"export-{threads}", "model.factors=7", f"train.threads={threads}")
            tables.append(support.model_tables(self.dir / f"export-{threads}/model.pt"))
        self.assert_same_tensors(*tables)


if __name__ == "__main__":
    support.main()
