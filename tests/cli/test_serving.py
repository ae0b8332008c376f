"""What evaluate, predict, recommend and similar print."""

import json

import support


class Serve(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rows = support.random_rows(40, 30, 500)
        support.write_rows(cls.dir / "d.csv", cls.rows)
        for name in ["latent_factor", "bpr", "mean"]:
            trained = {} if name == "mean" else {"train": {"steps": 20, "batch_size": 200, "lr": 0.03, "threads": 1}}
            support.write_config(cls.dir / "c.json", data="d.csv", split={"test": 0.2, "valid": 0.1}, model={"name": name}, **trained)
            support.Case.train(cls(), name, *support.factors(name, 3), config="c.json")

    def test_run_model_and_metrics_json_agree(self):
        for name in ["latent_factor", "bpr", "mean"]:
            with self.subTest(name):
                saved = self.json(f"{name}/metrics.json")
                for source in [name, f"{name}/model.pt"]:
                    now = json.loads(self.latent("evaluate", source, "--json").stdout)
                    self.assertEqual(now, {"test": saved["test"], "valid": saved["valid"]})

    def test_evaluate_takes_other_cut_offs(self):
        for source in ["bpr", "bpr/model.pt"]:
            test = json.loads(self.latent("evaluate", source, "--json", "--set", "eval.k=[2,3]").stdout)["test"]
            self.assertEqual({key.split("@")[1] for key in test if "@" in key}, {"2", "3"})
            for name in ["recall", "ndcg", "hit", "precision", "map", "mrr"]:
                self.assertIn(f"{name}@3", test)
            self.assertTrue({"auc", "auc_sampled", "popularity_ndcg@2"} <= set(test))
        self.assertRegex(self.latent("evaluate", "bpr").stdout, r"(?m)^ndcg@10 +\d")

    def test_predict_prints_a_number(self):
        text = self.latent("predict", "latent_factor/model.pt", "u1", "i2")
        self.assertEqual(text.stderr, "")
        value = json.loads(self.latent("predict", "latent_factor", "u1", "i2", "--json").stdout)
        self.assertEqual((value["user"], value["item"]), ("u1", "i2"))
        self.assertAlmostEqual(value["score"], float(text.stdout), places=4)

    def test_predict_of_unknown_ids(self):
        self.assertIn("unknown user 'nobody'", self.complaint("predict", "latent_factor/model.pt", "nobody", "i2"))
        self.assertIn("unknown item 'nothing'", self.complaint("predict", "latent_factor/model.pt", "u1", "nothing"))
        tables = support.read_checkpoint(self.checkpoints("latent_factor")[-1])[1]
        users = list(dict.fromkeys(row[0] for row in self.rows))
        alpha = float(tables["model.alpha"][0])
        beta = float(tables["model.beta_user.weight"][users.index("u1"), 0])
        for pair, expected in [(("nobody", "nothing"), alpha), (("u1", "nothing"), alpha + beta)]:
            text = self.latent("predict", "latent_factor", *pair, "--unknown", "known-parts").stdout
            self.assertAlmostEqual(float(text), expected, places=4)

    def test_recommend_leaves_out_seen_items_unless_told(self):
        def items(*flags):
            text = self.latent("recommend", "latent_factor/model.pt", "--user", "u3", "-k", "99", *flags).stdout
            return [line.split()[1] for line in text.splitlines()]

        every, unseen = items("--include-seen"), items()
        self.assertEqual(set(every), {row[1] for row in self.rows})
        seen = {row[1] for row in self.rows if row[0] == "u3"}
        self.assertEqual(unseen, [item for item in every if item not in seen])
        self.assertEqual(len(self.latent("recommend", "bpr", "--user", "u3").stdout.splitlines()), 10)

    def test_recommend_and_similar_print_text_and_json(self):
        for words in [["recommend", "bpr", "--user", "u3"], ["similar", "bpr", "--item", "i3"]]:
            text = self.latent(*words, "-k", "4").stdout.splitlines()
            values = json.loads(self.latent(*words, "-k", "4", "--json").stdout)
            self.assertEqual([line.split()[1] for line in text], [value["item"] for value in values])
            for line, value in zip(text, values, strict=True):
                self.assertAlmostEqual(float(line.split()[0]), value["score"], places=4)
            self.assertEqual(values, sorted(values, key=lambda value: -value["score"]))

    def test_similar_lists_the_item_itself_only_when_told(self):
        plain = self.latent("similar", "bpr", "--item", "i3", "-k", "4").stdout.splitlines()
        own = self.latent("similar", "bpr", "--item", "i3", "-k", "5", "--include-self").stdout.splitlines()
        self.assertEqual(own[0].split(), ["1.00000", "i3"])
        self.assertEqual(own[1:], plain)
        self.assertEqual(len(self.latent("similar", "bpr", "--item", "i3", "-k", "99").stdout.splitlines()), 29)
        self.assertIn("no factors", self.complaint("similar", "mean", "--item", "i3"))


if __name__ == "__main__":
    support.main()
