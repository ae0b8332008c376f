"""find, help, and ids that begin with a dash."""

import json

import support

TITLES = {"i0": "Star Wars (1977)", "i1": "Stardust", "i2": "Łódź, miasto", "i3": "The Empire", "i7": "star"}


class Find(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        rows = support.random_rows(12, 30, 200)
        rows = [*rows, *(("-7", f"i{n}", 4) for n in range(10)), ("u1", "-5", 3), ("u2", "-5", 2)]
        support.write_rows(cls.dir / "d.csv", rows)
        lines = [f'{item},"{title}"' for item, title in TITLES.items()]
        (cls.dir / "titles.csv").write_text("\n".join(["item_id,title", *lines]) + "\n", encoding="utf-8")
        support.write_config(cls.dir / "config.json", data={"path": "d.csv", "titles": {"path": "titles.csv"}},
                             split={"test": 0}, model={"factors": 2}, train={"steps": 3, "batch_size": 50})
        support.Case.train(cls(), "run")
        support.Case.train(cls(), "bare", "data.titles.path=")
        cls.order = list(dict.fromkeys(row[1] for row in rows))  # items by index

    def found(self, *words):
        return [entry["item"] for entry in json.loads(self.latent("find", *words, "--json").stdout)]

    def by_index(self, items):
        return sorted(items, key=self.order.index)

    def test_prints_id_and_title_of_every_item_that_holds_the_text(self):
        lines = self.latent("find", "run", "star").stdout.splitlines()
        expected = [f"{item}  {TITLES[item]}" for item in self.by_index(["i0", "i1", "i7"])]
        self.assertEqual(lines, expected)

    def test_capitals_are_no_matter(self):
        self.assertEqual(self.found("run", "STAR W"), ["i0"])
        self.assertEqual(self.found("run", "łÓDŹ"), ["i2"])

    def test_ids_count_too_and_the_exact_one_comes_first(self):
        holding = [item for item in self.order if "i2" in item]
        self.assertGreater(len(holding), 5)
        self.assertEqual(self.found("run", "i2"), ["i2"] + [item for item in holding if item != "i2"])
        self.assertEqual(self.found("run", "I2"), holding)

    def test_json_has_titles_where_there_are_some(self):
        self.assertEqual(json.loads(self.latent("find", "run/model.pt", "empire", "--json").stdout), [{"item": "i3", "title": "The Empire"}])
        self.assertEqual(json.loads(self.latent("find", "bare", "i13", "--json").stdout), [{"item": "i13"}])
        self.assertEqual(self.latent("find", "bare", "i13").stdout, "i13\n")

    def test_the_limit_is_kept_and_the_rest_counted(self):
        done = self.latent("find", "run", "i", "--limit", "3")
        self.assertEqual(len(done.stdout.splitlines()), 3)
        holding = sum("i" in (item + TITLES.get(item, "")).lower() for item in self.order)
        self.assertEqual(done.stderr, f"and {holding - 3} more; --limit N shows more than 3\n")
        self.assertEqual(len(self.found("run", "i", "--limit", "1000")), holding)
        self.assertEqual(len(self.found("run", "i")), 20)

    def test_nothing_found_is_said(self):
        done = self.latent("find", "run", "nothing of the kind")
        self.assertEqual((done.stdout, done.stderr), ("", "no item's title or id holds 'nothing of the kind'\n"))
        self.assertEqual(self.found("run", "nothing of the kind"), [])

    def test_wrong_command_lines(self):
        self.assertIn("TEXT", self.complaint("find", "run", code=2))
        self.assertIn("--limit", self.complaint("find", "run", "x", "--limit", "0", code=2))
        self.assertIn("no such model", self.complaint("find", "none.pt", "x"))

    def test_ids_that_begin_with_a_dash_go_behind_two(self):
        score = self.latent("predict", "run", "--", "-7", "-5").stdout
        self.assertEqual(json.loads(self.latent("predict", "run", "--json", "--", "-7", "-5").stdout)["user"], "-7")
        self.assertEqual(self.latent("predict", "--", "run", "-7", "-5").stdout, score)
        self.assertEqual(len(self.latent("rank", "run", "--user", "-7", "--", "-5", "i1").stdout.splitlines()), 2)
        self.assertEqual(len(self.latent("recommend", "run", "--user", "-7", "-k", "3").stdout.splitlines()), 3)
        self.assertEqual(self.latent("find", "run", "--", "-5").stdout, "-5\n")

    def test_what_behind_two_dashes_looks_like_an_option_is_a_word(self):
        self.assertIn("unknown user '--set'", self.complaint("predict", "run", "--", "--set", "i1"))

    def test_the_message_about_an_unknown_option_says_so(self):
        said = self.complaint("predict", "run", "-7", "-5", code=2)
        self.assertIn("what begins with a dash and is no option goes behind --: latent predict MODEL -- USER ITEM", said)
        self.assertIn("latent rank MODEL -- ITEM", self.complaint("rank", "run", "--user", "u1", "-5", code=2))
        self.assertNotIn("--:", self.complaint("train", "config.json", "--stepz", "3", code=2))


class Help(support.Case):
    def test_help_with_a_command_is_its_own_help(self):
        for name in ["train", "find", "export", "config"]:
            self.assertEqual(self.latent("help", name).stdout, self.latent(name, "--help").stdout)

    def test_help_alone_lists_the_commands(self):
        text = self.latent("help").stdout
        self.assertEqual(text, self.latent("--help").stdout)
        self.assertRegex(text, r"\n  find ")

    def test_help_with_what_is_no_command_suggests_one(self):
        self.assertIn("did you mean 'train'", self.complaint("help", "trian", code=2))


if __name__ == "__main__":
    support.main()
