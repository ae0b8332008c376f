"""scripts/convert.py: programs of torch.export give what the TorchScript methods give."""

import json
import subprocess
import sys

import numpy as np

import support

CONVERT = support.ROOT / "scripts/convert.py"
KINDS = ["latent_factor", "bpr", "implicit_bpr", "svd", "bayesian_mf", "mean", "popularity"]


class Convert(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        rows = support.random_rows(40, 30, 450)
        rows += [("reader", item, 3) for item in sorted({row[1] for row in rows})[2:]]  # who has met all items but a few
        support.write_rows(cls.dir / "d.csv", rows)
        (cls.dir / "test.csv").write_text("user_id,item_id,rating\nstranger,i1,4\nu1,novelty,2\n")
        support.write_config(cls.dir / "config.json", data={"path": "d.csv", "test_path": "test.csv"}, split={"kind": "files"})

    def converted(self, kind, suffix="pt", k=12):
        brief = ["train.steps=60", "train.batch_size=200", "train.lr=0.03"] if kind in ("latent_factor", "bpr") else []
        if not (self.dir / kind).exists():
            self.train(kind, f"model.name={kind}", *support.factors(kind, 4), *brief)
        source, out = self.dir / kind / "model.pt", self.dir / f"{kind}.{suffix}.pt2"
        if suffix != "pt":
            source = self.dir / f"{kind}.{suffix}"
            self.latent("export", kind, "-o", source)
        done = self.convert(source, "-o", out, "-k", k)
        self.assertEqual((done.returncode, done.stdout), (0, f"wrote {out}\n"), done.stderr)
        return out

    def convert(self, *words):
        return subprocess.run([sys.executable, str(CONVERT), *map(str, words)], capture_output=True, text=True)

    def programs(self, path):
        from torch.export.pt2_archive._package import load_pt2

        archive = load_pt2(str(path))
        return {name: program.module() for name, program in archive.exported_programs.items()}, archive.extra_files

    def assert_equal(self, got, expected):
        for ours, theirs in zip(got, expected, strict=True):
            np.testing.assert_array_equal(ours.numpy(), theirs.numpy())

    def test_all_outputs_are_those_of_torchscript(self):
        import torch

        for kind in KINDS:
            with self.subTest(kind), torch.inference_mode():
                programs, extra = self.programs(self.converted(kind))
                model = support.load_model(self.dir / kind / "model.pt")
                users, items = len(model.user_ids), len(model.item_ids)
                self.assertEqual((json.loads(extra["user_ids"]), json.loads(extra["item_ids"])), (model.user_ids, model.item_ids))
                self.assertEqual(json.loads(extra["latent.json"])["config"]["model"]["name"], kind)
                pairs = torch.cartesian_prod(torch.arange(users), torch.arange(items))
                for name in ("score", "model"):
                    self.assert_equal([programs[name](pairs[:, 0], pairs[:, 1])], [model(pairs[:, 0], pairs[:, 1])])
                for batch in (torch.arange(users), torch.tensor([users - 1]), torch.tensor([5, 5, 0, 40])):
                    self.assert_equal(programs["recommend"](batch), model.recommend(batch, 12, True))
                self.assertEqual("similar" in programs, hasattr(model, "gamma_item"))
                if "similar" in programs:
                    for batch in (torch.arange(items), torch.tensor([3])):
                        self.assert_equal(programs["similar"](batch), model.similar_items(batch, 12))

    def test_torch_export_load_takes_the_scores(self):
        import torch

        program = torch.export.load(str(self.converted("svd"))).module()
        model, zero = support.load_model(self.dir / "svd/model.pt"), torch.zeros(1, dtype=torch.int64)
        self.assert_equal([program(zero, zero)], [model(zero, zero)])

    def test_a_safetensors_file_gives_the_same(self):
        import torch

        (one, _), (other, _) = (self.programs(self.converted("bpr", suffix)) for suffix in ("pt", "safetensors"))
        users = torch.arange(41)
        self.assert_equal(other["recommend"](users), one["recommend"](users))

    def test_lists_longer_than_the_catalogue_are_as_long_as_it_is(self):
        import torch

        programs, _ = self.programs(self.converted("svd", k=1000))
        model, users = support.load_model(self.dir / "svd/model.pt"), torch.arange(42)
        self.assert_equal(programs["recommend"](users), model.recommend(users, 1000, True))
        self.assert_equal(programs["similar"](users[:30]), model.similar_items(users[:30], 1000))

    def test_ties_go_to_the_lower_index(self):
        import torch

        sys.path.insert(0, str(support.ROOT / "scripts"))
        import convert

        infinity = float("inf")
        row = torch.tensor([[1.0, 2, 2, 1, 3, 2, -infinity], [0, 0, 0, 0, 0, 0, 0]])
        for k in range(1, 7):
            items, scores = convert.best(row, k)
            self.assertEqual(items.tolist(), [[4, 1, 2, 5, 0, 3][:k], [0, 1, 2, 3, 4, 5][:k]])
            self.assertEqual(scores[0].tolist(), [3, 2, 2, 2, 1, 1][:k])
        random = torch.randint(0, 4, (200, 30), generator=torch.Generator().manual_seed(1)).float()
        items, _ = convert.best(random, 9)
        np.testing.assert_array_equal(items.numpy(), np.argsort(-random.numpy(), axis=1, kind="stable")[:, :9])

    def test_what_is_no_model_is_refused_by_one_line(self):
        (self.dir / "text.pt").write_text("user,item\n")
        for name, told in [("none.pt", "no such model file"), ("text.pt", "not a model exported by latent"), ("d.csv", "not a model")]:
            done = self.convert(self.dir / name, "-o", self.dir / "x.pt2")
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr, rf"^{self.dir / name}: {told}[^\n]*\n$")
            self.assertFalse((self.dir / "x.pt2").exists())


if __name__ == "__main__":
    try:
        import torch.export.pt2_archive  # noqa: F401
    except ImportError:
        print("torch has no PT2 archives: skipped")
        sys.exit(77)
    support.main()
