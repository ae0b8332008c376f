#!/usr/bin/env python3
"""Rows above data.memory stay on disk: to the bit what the same order trains in memory, in less of it, and resumed anywhere."""
import pathlib
import re
import time
import unittest

import support

IN_MEMORY = ["split.kind=by_row", "train.order=blocks", "data.memory=1"]
SETS = ["train.steps=30", "train.batch_size=3000", "model.factors=4"]


def most_of_its_own(process, seconds=300):
    """The most memory that a process has had beside pages of files, in bytes; it has ended then."""
    most, status = 0, pathlib.Path(f"/proc/{process.pid}/status")
    end = time.monotonic() + seconds
    while process.poll() is None:
        if time.monotonic() > end:
            process.kill()
            raise AssertionError("took too long")
        try:
            found = re.search(r"RssAnon:\s+(\d+) kB", status.read_text())
        except OSError:
            found = None
        most = max(most, int(found.group(1)) * 1024 if found else 0)
        time.sleep(0.005)
    return most


class RowsOnDisk(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        support.write_rows(cls.dir / "rows.csv", support.random_rows(300, 120, 9000))
        support.write_config(cls.dir / "config.json", data="rows.csv")

    def same_runs(self, one, other):
        for path in ("metrics.json", "log.jsonl"):
            a, b = ((self.dir / run / path).read_text() for run in (one, other))
            drop = r'"(seconds|samples_per_second|peak_memory_bytes|list_milliseconds)": *[-+.e\d]+'
            self.assertEqual(re.sub(drop, "", a), re.sub(drop, "", b))
        newest = [support.read_checkpoint(self.checkpoints(run)[-1])[1] for run in (one, other)]
        self.assert_same_tensors(*newest)

    def test_a_run_goes_on_with_the_config_that_it_began_with(self):
        for name, sets in {"disk": ["data.memory=0"], "memory": ["split.kind=by_row"]}.items():
            with self.subTest(name):
                config = support.write_config(self.dir / f"{name}.json", data="rows.csv")
                self.train(f"went-{name}", *SETS, *sets, config=f"{name}.json")
                said = self.latent("train", f"{name}.json", "--resume", f"went-{name}",
                                   *support.set_options([*SETS, *sets, "train.steps=40"]))
                self.assertIn("at step 30", said.stderr)

    def test_every_model_by_gradient_has_the_bits_of_the_same_order_in_memory(self):
        for model in ("latent_factor", "bias_only", "bpr", "mf"):
            sets = [f"model.name={model}", "train.batch_size=3000", "train.patience=0",
                    *support.factors(model, 4), *(["train.epochs=4"] if model == "mf" else ["train.steps=30"])]
            self.train(f"memory-{model}", *sets, *IN_MEMORY)
            said = self.train(f"disk-{model}", *sets, "data.memory=0").stderr
            self.assertIn("rows.csv: its rows take 1 MB, more than data.memory allows, and stay on disk; "
                          "split.kind = by_row in place of random; train.order = blocks\n", said)
            self.same_runs(f"memory-{model}", f"disk-{model}")

    def test_a_run_keeps_what_its_rows_on_disk_came_to(self):
        self.train("kept", *SETS, "data.memory=0")
        config = self.json("kept/config.json")
        self.assertEqual((config["split"]["kind"], config["train"]["order"]), ("by_row", "blocks"))
        figures = self.json("kept/metrics.json")["test"]
        for memory in ("0", "1"):  # whoever has more memory sees the same test part
            said = self.latent("evaluate", "kept", "--json", "--set", f"data.memory={memory}").stdout
            self.assertIn(f'"mse": {figures["mse"]}', said)

    def test_a_resumed_run_has_the_bits_of_an_unbroken_one_wherever_its_rows_are(self):
        self.train("whole", *SETS, "data.memory=0")
        self.train("broken", *SETS, "data.memory=0", "train.steps=13")
        self.latent("train", "--resume", "broken", "--set", "train.steps=22", "--set", "data.memory=1")
        self.latent("train", "--resume", "broken", "--set", "train.steps=30", "--set", "data.memory=0")
        self.assert_same_tensors(*(support.read_checkpoint(self.checkpoints(run)[-1])[1] for run in ("whole", "broken")))
        self.assertEqual(self.json("whole/metrics.json")["test"], self.json("broken/metrics.json")["test"])

    def test_early_stopping_a_refit_and_a_fit_on_all_end_alike(self):
        sets = ["train.epochs=6", "train.batch_size=700", "train.patience=2", "split.valid=.1", "train.refit=true",
                "export.fit=all", "model.factors=3"]
        self.train("stop-memory", *sets, *IN_MEMORY)
        self.train("stop-disk", *sets, "data.memory=0")
        self.same_runs("stop-memory", "stop-disk")

    def test_other_models_train_on_rows_on_disk_as_on_those_in_memory(self):
        for model in ("svd", "ials", "item_mean", "implicit_bpr"):
            sets = [f"model.name={model}", *([] if model == "item_mean" else ["train.epochs=3", "train.patience=0"])]
            self.train(f"memory-{model}", *sets, "split.kind=by_row")
            self.train(f"disk-{model}", *sets, "data.memory=0")
            self.assertEqual(self.json(f"memory-{model}/metrics.json")["test"],
                             self.json(f"disk-{model}/metrics.json")["test"])

    def test_what_shuffles_all_rows_has_them_in_memory(self):
        said = self.train("folds", *SETS, "data.memory=0", "split.kind=k_fold").stderr
        self.assertNotIn("on disk", said)
        self.latent("crossval", "config.json", "--folds", "3", *support.set_options([*SETS, "data.memory=0"]))

    def test_the_order_is_random_where_it_is_asked_for(self):
        self.train("random", *SETS, "data.memory=0", "train.order=random")
        self.train("random-memory", *SETS, "data.memory=1", "train.order=random", "split.kind=by_row")
        self.same_runs("random", "random-memory")
        self.assertEqual(self.json("random/config.json")["train"]["order"], "random")

    def test_a_share_is_from_0_to_1(self):
        for wrong in ("-.1", "1.5"):
            self.assertIn("data.memory", self.complaint("train", "config.json", "--set", f"data.memory={wrong}"))
        self.assertIn("train.order", self.complaint("train", "config.json", "--set", "train.order=rows"))

    def test_rows_on_disk_take_no_memory_of_the_process(self):
        rows = 6_000_000
        self.latent("synth", "-o", "many.csv", "--csv", "--users", "60000", "--items", "3000", "--ratings", str(rows))
        sets = support.set_options(["data.path=many.csv", "split.kind=by_row", "train.steps=20", "export.auto=false",
                                    "model.factors=2"])
        took = {}
        for which, memory in (("parsed", 0), ("cached", 0), ("in memory", 1)):
            began = self.start("train", "config.json", "--run-dir", "many", "--overwrite", *sets, "--set",
                               f"data.memory={memory}")
            took[which] = most_of_its_own(began)
            said = began.communicate()[1]
            self.assertEqual(began.returncode, 0, said)
            self.assertEqual("stay on disk" in said, memory == 0, said)
        for which in ("parsed", "cached"):
            self.assertLess(took[which], took["in memory"] - 12 * rows / 2, took)


if __name__ == "__main__":
    unittest.main(verbosity=2)
