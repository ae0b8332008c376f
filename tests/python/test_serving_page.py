"""docs/serving.md: its Python runs, its methods are there, and each test that it names is."""

import re
import unittest

import latent
import models

PAGE = (models.support.ROOT / "docs/serving.md").read_text(encoding="utf-8")


class ServingPage(models.Case):
    def test_its_python_runs(self):
        for n, name in enumerate(["u7", "u8"]):
            self.rows = [(name if user == list(dict.fromkeys(r[0] for r in self.rows))[n] else user, item, r) for user, item, r in self.rows]
        known = sorted({item for _, item, _ in self.rows})
        self.rows = [(user, {known[0]: "b1", known[1]: "b2", known[2]: "b3"}.get(item, item), r) for user, item, r in self.rows]
        (self.dir / "d.csv").write_text("user,item,rating\n" + "".join(f'"{u}","{i}",{r}\n' for u, i, r in self.rows if '"' not in u + i), encoding="utf-8")
        models.support.write_config(self.dir / "page.json", data="d.csv", model={"name": "svd", "factors": 4})
        self.train("page", config="page.json")
        blocks = re.findall(r"```python\n(.*?)```", PAGE, re.S)
        self.assertEqual(len(blocks), 1)
        names = {}
        exec(blocks[0].replace('"model.pt"', repr(str(self.dir / "page/model.pt"))), names)
        m = names["m"]
        self.assertEqual(names["rows"].tolist(), [m.users.index("u7"), -1])
        self.assertEqual(names["items"].shape, (len(m.users), 3))
        cells = [cell for row in PAGE.split("## Every method")[1].split("Lists are of")[0].splitlines() if row.startswith("| ") for cell in row.split("|")[2:3]]
        calls = [call for cell in cells for call in re.findall(r"`([^`]*)`", cell) if call.startswith(("m.", '"u7"'))]
        self.assertGreater(len(calls), 12)
        for call in calls:
            with self.subTest(call):
                eval(call, {"m": m, "new": names["new"]})
        self.assertEqual(m.recommend("u7", exclude=["b1"], only=["b2", "b3"]), [s for s in m.recommend("u7", 99) if s.id in ("b2", "b3")])
        self.assertTrue(latent.load(self.dir / "page/model.pt").recommend("u7"))

    def test_each_test_that_it_names_is_there(self):
        named = re.findall(r"`(\w+/test_\w+\.py)::(test_\w+)`", PAGE)
        self.assertGreater(len(named), 20)
        for file, test in named:
            with self.subTest(test):
                self.assertIn(f"def {test}(self", (models.support.ROOT / "tests" / file).read_text(encoding="utf-8"))


if __name__ == "__main__":
    unittest.main()
