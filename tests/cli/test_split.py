"""Protocols: latent split, whose files train to the bits of the run that splits by itself, and sampled rankings."""

import collections
import csv
import gzip
import importlib.util
import json
import subprocess
import sys
import unittest

import numpy as np

import support

SHARES = ["split.test=0.2", "split.valid=0.1"]
KINDS = {
    "random": SHARES,
    "time": ["split.kind=time", *SHARES],
    "date": ["split.kind=time", "split.test_from=1970-01-01T00:13:20Z", "split.valid_from=600"],
    "per-user": ["split.kind=per_user", "split.test=0.3", "split.valid=0.2"],
    "newest": ["split.kind=per_user", "split.order=newest", "split.test=0.3", "split.valid=0.2"],
    "leave-one-out": ["split.kind=leave_one_out", "split.valid=0.1"],
    "k-fold": ["split.kind=k_fold", "split.folds=4", "split.fold=2", "split.valid=0.1"],
}


def rows_with_times():
    """Rows whose second is a permutation; some users have repeats of times beside them."""
    times = np.random.default_rng(1).permutation(1000)
    return [(u, i, r, int(t) // 3 * 3) for (u, i, r), t in zip(support.random_rows(40, 30, 500), times)]


class Base(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        (cls.dir / "d.csv").write_text(support.csv_text(rows_with_times(), "user_id,item_id,rating,timestamp"))
        support.write_config(cls.dir / "config.json", data="d.csv",
                             model={"name": "implicit_bpr", "factors": 4}, train={"epochs": 5, "lr": 0.05, "lambda": 0.01},
                             eval={"k": [3, 5], "metrics": "all"})

    def parts_of(self, folder, suffix=".csv"):
        """The knobs that take the parts back."""
        sets = ["split.kind=files", f"data.path={folder}/train{suffix}"]
        for part in ("valid", "test"):
            if (self.dir / folder / f"{part}{suffix}").exists():
                sets.append(f"data.{part}_path={folder}/{part}{suffix}")
        return sets

    def tables(self, run):
        self.latent("export", run, "-o", f"{run}.npz")
        with np.load(self.dir / f"{run}.npz") as file:
            return {name: file[name] for name in file.files if file[name].dtype.kind == "f"}

    def figures(self, run):
        return {part: self.json(f"{run}/metrics.json")[part] for part in ("valid", "test")}


class Split(Base):
    def test_a_run_on_the_written_files_is_the_run_that_split_by_itself(self):
        for kind, sets in KINDS.items():
            for model in ("implicit_bpr", "latent_factor"):
                with self.subTest(kind=kind, model=model):
                    sets_of_model = [f"model.name={model}", "train.lambda=0.001"]
                    self.latent("split", "config.json", "-o", kind, "--overwrite", *support.set_options(sets))
                    own, files = f"own-{kind}-{model}", f"files-{kind}-{model}"
                    self.train(own, *sets, *sets_of_model)
                    self.train(files, *self.parts_of(kind), *sets_of_model, f"data.ids_path={kind}/ids.csv")
                    self.assertEqual(self.figures(own), self.figures(files))
                    self.assert_same_tensors(self.tables(own), self.tables(files))
                    self.assertGreater(self.figures(own)["test"]["interactions"], 0)

    def test_models_that_no_numbering_of_ids_touches_need_the_parts_alone(self):
        self.latent("split", "config.json", "-o", "alone", "--gz", *support.set_options(SHARES))
        sets = ["model.name=baseline", "train.lr=0.1", "train.lambda=1e-5", "model.factors=5", "eval.metrics=rating"]
        self.train("own-alone", *sets, *SHARES)
        self.train("files-alone", *sets, *self.parts_of("alone", ".csv.gz"))
        own, files = self.figures("own-alone"), self.figures("files-alone")
        for part in own:
            for name, value in own[part].items():
                self.assertAlmostEqual(files[part][name], value, places=6)

    def test_any_tool_reads_the_parts(self):
        done = self.latent("split", "config.json", "-o", "tool", "--gz", *support.set_options(SHARES))
        self.assertEqual(done.stderr.splitlines(), [f"wrote tool/{name}.csv.gz" for name in ("train", "valid", "test", "ids")])
        rows = []
        for part, size in (("train", 350), ("valid", 50), ("test", 100)):
            with gzip.open(self.dir / f"tool/{part}.csv.gz", "rt", newline="") as file:
                own = list(csv.DictReader(file))
            self.assertEqual(len(own), size)
            rows += [(r["user"], r["item"], int(r["rating"]), int(r["time"])) for r in own]
        self.assertEqual(sorted(rows), sorted(rows_with_times()))

    def test_folds_are_those_of_crossval(self):
        self.latent("split", "config.json", "-o", "folds", "--folds", "3")
        files = ",".join(f"folds/fold-{n}/{part}.csv" for n in (1, 2, 3) for part in ("train", "test"))
        told = [json.loads(self.latent("crossval", "config.json", "--json", *words).stdout)["folds"]
                for words in (["--folds", 3], ["--fold-files", files, "--set", "data.ids_path=folds/ids.csv"],
                              ["--set", "split.kind=k_fold", "--set", "split.folds=3"])]
        for fold in sum(told, []):
            del fold["fit_seconds"], fold["test_seconds"]
        self.assertEqual(told[0], told[1])
        self.assertEqual(told[0], told[2])
        self.train("second", "split.kind=k_fold", "split.folds=3", "split.fold=2")
        test = self.figures("second")["test"]
        self.assertEqual({name: test[name] for name in told[0][1]}, told[0][1])

    def test_mistakes_get_one_line(self):
        self.latent("split", "config.json", "-o", "there")
        for code, text, *words in [
            (2, r"^missing -o DIR; ", "config.json"),
            (2, r"^missing CONFIG; ", "-o", "x"),
            (2, r"^--folds must be at least 2$", "config.json", "-o", "x", "--folds", "1"),
            (1, r"^split\.folds = 501 needs at least as many rows; there are 500$", "config.json", "-o", "x", "--folds", "501"),
            (1, r"^there/train\.csv: already exists; give another folder, or --overwrite$", "config.json", "-o", "there"),
            (1, r"^split\.test and split\.valid together must be below 1$", "config.json", "-o", "x", "--set", "split.test=0.95", "--set", "split.valid=0.1"),
            (1, r"^d\.csv: no row is as late as split\.test_from = 2030-01-01; the times of its rows run from 0 to 996$", "config.json", "-o", "x",
             "--set", "split.kind=time", "--set", "split.test_from=2030-01-01"),
            (1, r"^data\.path is not set", "empty.json", "-o", "x"),
        ]:
            with self.subTest(words):
                (self.dir / "empty.json").write_text("{}")
                self.assertRegex(self.complaint("split", *words, code=code), text)
                self.assertFalse((self.dir / "x").exists())


class Sampled(Base):
    """Figures under eval.candidates; the runs of Split's data."""

    def evaluate(self, *sets):
        return json.loads(self.latent("evaluate", "run", "--json", *support.set_options(sets)).stdout)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        subprocess.run(support.command("train", "config.json", "--run-dir", "run", *support.set_options(SHARES)), cwd=cls.dir, env=support.environment(cls.dir),
                       capture_output=True, check=True)

    def test_sampled_figures_are_labelled_everywhere(self):
        told = self.evaluate("eval.candidates=7")
        for part in ("valid", "test"):
            self.assertIs(told[part]["sampled"], True)
            self.assertEqual(told[part]["candidates"], 7)
            self.assertNotIn("coverage@3", told[part])
        whole = self.evaluate()
        self.assertNotIn("sampled", whole["test"])
        self.assertNotEqual(told["test"]["ndcg@3"], whole["test"]["ndcg@3"])
        self.assertEqual(told["test"]["mse"], whole["test"]["mse"])
        table = self.latent("evaluate", "run", "--set", "eval.candidates=7").stdout
        self.assertIn("test (sampled)", table.splitlines()[0])
        self.assertRegex(table, r"(?m)^candidates +7 ")
        folds = json.loads(self.latent("crossval", "config.json", "--folds", "2", "--json", "--set", "eval.candidates=7").stdout)
        self.assertTrue(all(fold["sampled"] is True and fold["candidates"] == 7 for fold in folds["folds"]))

    def test_draws_are_the_same_for_any_threads_and_differ_by_the_seed(self):
        one, other = (self.evaluate("eval.candidates=7", f"train.threads={threads}") for threads in (1, 2))
        self.assertEqual(one, other)

    def test_candidates_are_in_none_of_the_parts(self):
        """With more candidates than there are, each held-out item is ranked among the items of no part, also of validation rankings."""
        told = self.evaluate("eval.candidates=1000", "eval.mask=train")
        again = self.evaluate("eval.candidates=1000")
        self.assertEqual(told["test"]["auc"], again["test"]["auc"])  # whatever is masked
        self.assertAlmostEqual(told["test"]["auc"], self.evaluate()["test"]["auc"], places=12)

    def test_coverage_novelty_and_gini_are_those_of_the_lists_that_recommend_gives(self):
        rows = [row[:3] for row in rows_with_times()]
        support.write_rows(self.dir / "train.csv", rows[:300])
        support.write_rows(self.dir / "test.csv", [*rows[300:400], ("u0", "without a training row", 3)])
        self.train("lists", "split.kind=files", "data.path=train.csv", "data.test_path=test.csv", "export.seen=train_valid")
        known = {(u, i) for u, i, _ in rows[:300]}
        users = sorted({u for u, _, _ in rows[300:400]} & {u for u, _ in known})
        self.assertEqual(len(users), len({u for u, _, _ in rows[300:400]}))
        (self.dir / "users.txt").write_text("".join(f"{u}\n" for u in users))
        test = self.figures("lists")["test"]
        self.assertGreater(test["cold_items"], 0)
        items = len({i for _, i, _ in rows[:400]}) + 1
        had = collections.Counter(i for _, i in known)
        for k in (3, 5):
            self.latent("recommend", "lists/model.pt", "--users", "users.txt", "-k", k, "-o", "lists.csv")
            with open(self.dir / "lists.csv", newline="") as file:
                listed = [row["item"] for row in csv.DictReader(file)]
            self.assertEqual(len(listed), k * len(users))
            shown = np.sort([*collections.Counter(listed).values()])
            shown = np.concatenate([np.zeros(items - len(shown)), shown])
            differences = np.abs(shown[:, None] - shown[None]).sum()
            novelty = np.mean([-np.log2(had[i] / len({u for u, _ in known})) for i in listed])
            self.assertAlmostEqual(test[f"coverage@{k}"], len(set(listed)) / items, places=12)
            self.assertAlmostEqual(test[f"gini@{k}"], differences / (2 * items * shown.sum()), places=12)
            self.assertAlmostEqual(test[f"novelty@{k}"], novelty, places=12)


LIBRARIES = [name for name in ("ranx", "pytrec_eval", "sklearn") if importlib.util.find_spec(name) is None]


@unittest.skipIf(LIBRARIES, f"not installed: {', '.join(LIBRARIES)}")
class Libraries(Base):
    def test_goldens_are_what_the_libraries_say(self):
        subprocess.run([sys.executable, support.ROOT / "scripts/make_metric_goldens.py", "--check"], check=True)

    def test_a_models_figures_are_what_the_libraries_say(self):
        sys.path.insert(0, str(support.ROOT / "scripts"))
        from make_metric_goldens import figures

        self.train("live", "split.test=0.2", "eval.metrics=ranking", "model.name=ials", "train.lr=0.1", "train.lambda=1e-5")
        self.latent("export", "live", "-o", "live.npz")
        with np.load(self.dir / "live.npz") as file:
            scores = file["user_factors"].astype(float) @ file["item_factors"].T.astype(float)
            users, items = ({name: n for n, name in enumerate(file[ids])} for ids in ("user_ids", "item_ids"))
        parts = []
        self.latent("split", "config.json", "-o", "live-parts", "--set", "split.test=0.2")
        for part in ("train", "test"):
            dense = np.zeros(scores.shape, bool)
            with open(self.dir / f"live-parts/{part}.csv", newline="") as file:
                for row in csv.DictReader(file):
                    dense[users[row["user"]], items[row["item"]]] = True
            parts.append(dense)
        expected = figures(scores, *parts, (3, 5))
        test = self.figures("live")["test"]
        for name, value in expected.items():
            self.assertAlmostEqual(test[name], value, places=9, msg=name)


if __name__ == "__main__":
    support.main()
