"""latent report: runs and sweeps as one HTML file, its figures against the program's own, and what it looks like in a browser."""

import html.parser
import json
import re
import shutil
import unittest

import chromium
import numpy as np
import support

VOID = {"meta", "link", "br", "hr", "img", "input"}
HOSTILE = '<script>alert("x")</script>&amp;\'<b>'


class Node:
    def __init__(self, tag, attributes, parent):
        self.tag, self.attributes, self.parent, self.children, self.own = tag, attributes, parent, [], ""

    def all(self, tag, kind=None):
        """Descendants of a tag, and of a class where one is named."""
        found = [self] if self.tag == tag and (kind is None or kind in self.attributes.get("class", "").split()) else []
        return found + [node for child in self.children for node in child.all(tag, kind)]

    def text(self):
        return self.own + "".join(child.text() for child in self.children)


class Page(html.parser.HTMLParser):
    """An HTML file as a tree; fails on a tag that is not closed, or closed where another one is open."""

    def __init__(self, text):
        super().__init__()
        self.source, self.root = text, Node("", {}, None)
        self.at = self.root
        self.feed(text)
        self.close()
        assert self.at is self.root, f"<{self.at.tag}> is never closed"

    def handle_starttag(self, tag, attributes):
        node = Node(tag, dict(attributes), self.at)
        self.at.children.append(node)
        if tag not in VOID:
            self.at = node

    def handle_startendtag(self, tag, attributes):
        self.at.children.append(Node(tag, dict(attributes), self.at))

    def handle_endtag(self, tag):
        assert self.at.tag == tag, f"</{tag}> within <{self.at.tag}>"
        self.at = self.at.parent

    def handle_data(self, data):
        self.at.own += data

    def all(self, tag, kind=None):
        return self.root.all(tag, kind)

    def headings(self):
        return [node.text() for node in self.all("h2")]

    def section(self, heading):
        return next(node for node in self.all("section") if node.all("h2")[0].text() == heading)

    def table(self, caption):
        """Rows of the table of that caption (or its beginning), as dicts by column."""
        found = [node for node in self.all("table") if node.all("caption")[0].text().startswith(caption)]
        assert len(found) == 1, (caption, [node.text() for node in self.all("caption")])
        names = [cell.text() for cell in found[0].all("thead")[0].all("th")]
        rows = [[cell.text() for cell in row.children] for row in found[0].all("tbody")[0].all("tr")]
        return [dict(zip(names, row)) for row in rows]

    def chart(self, title):
        return next(node for node in self.all("figure") if node.all("strong")[0].text() == title)


def number(text):
    return float(text.replace(",", ""))


class Report(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        case = cls()
        rows = support.random_rows(60, 50, 1200)
        names = {"i3": HOSTILE, "i4": "</title>", "i5": "Ünïcode 映画"}
        rows = [(user, names.get(item, item), rating) for user, item, rating in rows]
        support.write_rows(cls.dir / "d.csv", [(u, '"' + i.replace('"', '""') + '"', r) for u, i, r in rows])
        titles = "item,title\n" + "".join(f"i{n},Film number {n} <i>\n" for n in range(6, 50))
        (cls.dir / "titles.csv").write_text(titles, encoding="utf-8")
        data = {"path": "d.csv", "titles": {"path": "titles.csv"}}
        support.write_config(cls.dir / "rate.json", data=data, split={"test": 0.2, "valid": 0.1}, model={"factors": 4},
                             train={"steps": 40, "batch_size": 200, "lr": 0.05, "patience": 50, "eval_every": 5, "log_every": 1})
        case.train("runs/rate", config="rate.json")
        case.train("runs/other", "train.seed=1", "model.factors=3", config="rate.json")
        case.train("runs/mean", "model.name=mean", "model.factors=5", "train.patience=0", "train.batch_size=50000",
                   "train.steps=100", "train.eval_every=0", "train.log_every=100", "train.lr=0.1", config="rate.json")
        support.write_config(cls.dir / "rank.json", data=data, split={"test": 0.2}, model={"name": "ials", "factors": 4}, train={"epochs": 6})
        case.train("runs/rank", config="rank.json")
        support.write_config(cls.dir / "pairs.json", data=data, split={"test": 0.2}, model={"name": "implicit_bpr", "factors": 4}, train={"epochs": 5})
        case.train("runs/pairs", config="pairs.json")
        support.write_config(cls.dir / "sweep.json", data=data, split={"test": 0.2, "valid": 0.2}, model={"name": "svd"}, train={"epochs": 4},
                             sweep={"over": {"model.factors": {"pow2": [2, 8]}, "train.lr": {"log": [0.001, 0.1]},
                                             "model.name": ["svd", "baseline"]}, "search": "random", "trials": 7, "seeds": 2, "metric": "rmse"})
        case.latent("sweep", "sweep.json", "--run-dir", "tuned")
        cls.pages = {}

    def report(self, *paths):
        """The page of those runs, made once."""
        if paths not in self.pages:
            out = self.dir / f"report-{len(self.pages)}.html"
            self.latent("report", *paths, "-o", out)
            self.pages[paths] = (Page(out.read_text(encoding="utf-8")), out)
        return self.pages[paths][0]

    def path_of(self, *paths):
        self.report(*paths)
        return self.pages[paths][1]

    every = [("runs/rate",), ("runs/rank",), ("runs/mean",), ("runs/rate", "runs/other", "runs/mean", "runs/rank", "runs/pairs"), ("tuned",)]

    # --- the file ---------------------------------------------------------------------------------

    def test_pages_are_whole_with_ids_that_occur_once_and_headings_in_order(self):
        for paths in self.every:
            with self.subTest(paths):
                page = self.report(*paths)  # tags are balanced, or this fails
                self.assertEqual(page.all("html")[0].attributes["lang"], "en")
                ids = re.findall(r'\sid="([^"]*)"', page.source)
                self.assertEqual(len(ids), len(set(ids)))
                for target in re.findall(r'(?:aria-labelledby|aria-describedby)="([^"]*)"|href="#([^"]*)"', page.source):
                    self.assertIn(target[0] or target[1], ids)
                levels = [int(level) for level in re.findall(r"<h([1-6])", page.source)]
                self.assertEqual(levels[0], 1)
                self.assertEqual(levels.count(1), 1)
                for before, after in zip(levels, levels[1:]):
                    self.assertLessEqual(after, before + 1)

    def test_a_page_fetches_nothing(self):
        for paths in self.every:
            source = self.report(*paths).source
            for word in ("http", "<script", "src=", "url(", "@import", "<link rel=\"stylesheet"):
                self.assertNotIn(word, source)

    def test_every_chart_has_a_role_a_name_a_description_labelled_axes_and_its_data(self):
        for paths in self.every:
            page = self.report(*paths)
            self.assertGreater(len(page.all("svg")), 0)
            for figure in page.all("figure"):
                svg = figure.all("svg")[0]
                with self.subTest(svg.attributes["aria-label"]):
                    self.assertEqual(svg.attributes["role"], "img")
                    self.assertEqual(svg.all("title")[0].text(), svg.attributes["aria-label"])
                    self.assertTrue(svg.all("desc")[0].text())
                    labels = svg.all("text", "label")
                    self.assertEqual(len(labels), 2)
                    self.assertTrue(all(label.text() for label in labels))
                    self.assertGreater(len(svg.all("text", "tick")), 2)
                    self.assertGreater(len(figure.all("details")[0].all("tr")), 1)
                    self.assertNotRegex(svg.text() + str([node.attributes for node in svg.all("path")]), r"\b(nan|inf)\b")

    def test_ids_and_titles_are_text_whatever_they_hold(self):
        for run in ("runs/rate", "runs/rank"):
            page = self.report(run)
            self.assertEqual([node.tag for node in page.all("script") + page.all("b") + page.all("i")], [])
            map_table = page.table("The first 50 of the 50 items")
            names = [row["item"] for row in map_table]
            self.assertIn(HOSTILE, names)
            self.assertIn("</title>", names)
            self.assertIn("Ünïcode 映画", names)
            self.assertIn("Film number 7 <i>", names)
            hover = [title.text() for title in page.chart(f"{run.split('/')[1]}: item factors").all("title")]
            self.assertTrue(any(text.startswith(HOSTILE) for text in hover))

    def test_the_same_runs_give_the_same_bytes(self):
        self.latent("report", "runs/rate", "runs/rank", "-o", "one.html")
        self.latent("report", "runs/rate", "runs/rank", "-o", "two.html")
        self.assertEqual((self.dir / "one.html").read_bytes(), (self.dir / "two.html").read_bytes())

    # --- the figures ------------------------------------------------------------------------------

    def test_sections_are_those_that_the_runs_have_something_for(self):
        common = ["Configs", "Provenance"]
        self.assertEqual(self.report("runs/rate").headings(),
                         ["Metrics", "Learning curves", "Predicted against true ratings", "Errors and hits by popularity and activity",
                          "Map of the items", "Neighbours of well-known items", *common])
        self.assertEqual(self.report("runs/rank").headings(),
                         ["Metrics", "Learning curves", "Errors and hits by popularity and activity", "Where held-out items stand",
                          "Coverage, novelty and concentration of the lists", "Map of the items", "Neighbours of well-known items", *common])
        self.assertEqual(self.report("runs/mean").headings(),
                         ["Metrics", "Predicted against true ratings", "Errors and hits by popularity and activity", *common])

    def test_the_metric_table_has_the_runs_figures_beside_their_baselines(self):
        rows = {row["run"]: row for row in self.report(*self.every[3]).table("Test part")}
        self.assertEqual(list(rows), ["rate", "other", "mean", "rank", "pairs", "always the mean", "items by popularity"])
        for run in ("rate", "mean"):
            self.assertAlmostEqual(number(rows[run]["rmse (lower is better)"]), self.json(f"runs/{run}/metrics.json")["test"]["rmse"], 3)
        test = self.json("runs/rank/metrics.json")["test"]
        self.assertAlmostEqual(number(rows["rank"]["ndcg@10"]), test["ndcg@10"], 3)
        self.assertAlmostEqual(number(rows["items by popularity"]["ndcg@10"]), test["popularity_ndcg@10"], 3)
        self.assertAlmostEqual(number(rows["always the mean"]["rmse (lower is better)"]),
                               self.json("runs/rate/metrics.json")["test"]["baseline_mse"] ** 0.5, 3)
        self.assertEqual(rows["rank"]["rmse (lower is better)"], "–")

    def test_the_curves_are_the_log_and_the_best_is_marked(self):
        page, log = self.report("runs/rate"), self.log("runs/rate")
        rows = page.table("Validation mse by step")
        self.assertEqual([int(row["step"]) for row in rows], [line["step"] for line in log if "valid_mse" in line])
        best = min((line for line in log if "valid_mse" in line), key=lambda line: line["valid_mse"])
        self.assertEqual([int(row["step"]) for row in rows if "best" in row["mse"]], [best["step"]])
        self.assertEqual(len(page.chart("Validation mse").all("circle", "best")), 1)
        objective = page.table("Training objective by step")
        self.assertAlmostEqual(number(objective[-1]["objective"]), log[-1]["objective"], 3)

    def test_errors_by_group_come_to_the_runs_rmse(self):
        page, rmse = self.report("runs/rate"), self.json("runs/rate/metrics.json")["test"]["rmse"]
        for title in ("Error by item popularity", "Error by user activity"):
            rows = [row for row in page.table(title) if int(row["test rows"]) > 0]
            counts = np.array([int(row["test rows"]) for row in rows])
            errors = np.array([number(row["RMSE on the test part (rating points)"]) for row in rows])
            self.assertAlmostEqual(np.sqrt((counts * errors**2).sum() / counts.sum()), rmse, delta=0.002)
            self.assertGreater(len(rows), 3)

    def test_hits_by_group_come_to_the_runs_metrics(self):
        page, test = self.report("runs/rank"), self.json("runs/rank/metrics.json")["test"]
        rows = [row for row in page.table("Hit rate at 10 by user activity") if int(row["users"]) > 0]
        counts = np.array([int(row["users"]) for row in rows])
        for column, name in (("hit@10: users with a hit in their top 10 (share)", "hit@10"), ("items by popularity", "popularity_hit@10")):
            hits = np.array([number(row[column]) for row in rows])
            self.assertAlmostEqual((counts * hits).sum() / counts.sum(), test[name], 3)

    def test_places_end_with_every_held_out_item_found(self):
        rows = self.report("runs/rank").table("Share of the held-out items among the first n")
        rank = [row for row in rows if row["series"] == "rank"]
        shares = [number(row["share"]) for row in rank]
        self.assertEqual(shares, sorted(shares))
        self.assertEqual((number(rank[-1]["n"]), shares[-1]), (50, 1))

    def test_the_map_lies_along_the_axes_of_the_gram_matrix(self):
        self.latent("export", "runs/rank", "-o", "rank.npz")
        tables = np.load(self.dir / "rank.npz", allow_pickle=False)
        gamma = tables["item_factors"].astype(np.float64)
        values, vectors = np.linalg.eigh(gamma.T @ gamma)
        along = np.abs(gamma @ vectors[:, ::-1][:, :2])
        names = {f"i{n}": f"Film number {n} <i>" for n in range(6, 50)}
        place = {names.get(name, name): along[n] for n, name in enumerate(tables["item_ids"])}
        for row in self.report("runs/rank").table("The first 50 of the 50 items"):
            for column, expected in zip(("first axis", "second axis"), place[row["item"]]):
                self.assertAlmostEqual(abs(number(row[column])), expected, delta=0.02 * along.max())
        labels = [node.text() for node in self.report("runs/rank").chart("rank: item factors").all("text", "label")]
        share = 100 * values[-1] / values.sum()
        self.assertIn(f"first principal axis ({share:.0f} % of the squared length)", labels)

    def test_neighbours_are_those_of_latent_similar(self):
        for run in ("rank", "pairs"):
            rows = self.report(f"runs/{run}").table(f"{run}: the items with most training rows")
            self.assertEqual(len(rows), 10)
            row = next(row for row in rows if row["item"].startswith("Film number"))
            item = "i" + row["item"].split()[2]
            listed = self.latent("similar", f"runs/{run}/model.pt", "--item", item, "-k", "5").stdout.splitlines()
            expected = [(line.split()[1], float(line.split()[0])) for line in listed]
            for (name, cosine), column in zip(expected, ("nearest", "second", "third", "fourth", "fifth")):
                found, value = row[column].rsplit(" (", 1)
                self.assertAlmostEqual(float(value[:-1]), cosine, delta=0.006)
                if name.startswith("i") and int(name[1:]) >= 6:
                    self.assertEqual(found, f"Film number {name[1:]} <i>")

    def test_configs_show_what_differs_and_provenance_where_runs_came_from(self):
        page = self.report("runs/rate", "runs/other")
        rows = {row["knob"]: row for row in page.table("Knobs that differ between the runs")}
        self.assertEqual(rows["model.factors"], {"knob": "model.factors", "rate": "4", "other": "3"})
        self.assertEqual(set(rows), {"model.factors", "train.seed"})
        alone = {row["knob"]: row for row in self.report("runs/rate").table("Knobs that differ from the defaults")}
        self.assertEqual((alone["train.lr"]["rate"], alone["train.lr"]["default"]), ("0.05", "0.005"))
        self.assertNotIn("ials.reg", alone)
        row = page.table("Where each run came from")[1]
        provenance = self.json("runs/other/config.json")["provenance"]
        self.assertEqual((row["run"], row["seed"], row["program"], row["CRC-32 of the data"]),
                         ("other", "1", provenance["program"], provenance["data_crc32"]))

    def test_a_sweep_has_a_chart_for_each_knob_and_its_winners_runs(self):
        page = self.report("tuned")
        section = page.section("Sweep tuned")
        charts = [figure.all("strong")[0].text() for figure in section.all("figure")]
        self.assertEqual(charts, ["rmse over model.factors", "rmse over train.lr", "rmse over model.name"])
        self.assertIn("train.lr (log scale)", [node.text() for node in page.chart("rmse over train.lr").all("text", "label")])
        ticks = [node.text() for node in page.chart("rmse over model.factors").all("text", "tick") if "x" in node.attributes["class"].split()]
        self.assertTrue(set(ticks) <= {"2", "4", "8"} and ticks, ticks)
        table = page.table("The best trials")
        listed = (self.dir / "tuned/sweep.csv").read_text().splitlines()[1:]
        self.assertEqual([row["trial"] for row in table], [line.split(",")[1] for line in listed])
        self.assertEqual([row["run"] for row in page.table("Test part")][:2], ["winner", "winner-seed1"])

    def test_charts_show_eight_runs_and_tables_all(self):
        runs = []
        for n in range(9):
            runs.append(f"many/run{n}")
            shutil.copytree(self.dir / "runs/mean", self.dir / runs[-1])
        page = self.report(*runs)
        self.assertIn("Charts show the first 8 of 9 runs; tables show all.", page.all("header")[0].text())
        self.assertEqual(len(page.chart("Error by item popularity").all("text", "legend")), 9, "eight runs and the baseline")
        self.assertEqual(len([row for row in page.table("Test part") if row["model"] == "mean"]), 9)

    def test_runs_of_the_same_name_are_told_apart_by_their_paths(self):
        shutil.copytree(self.dir / "runs/mean", self.dir / "again/mean")
        rows = self.report("runs/mean", "again/mean").table("Test part")
        self.assertEqual([row["run"] for row in rows][:2], ["runs/mean", "again/mean"])

    # --- what may be wrong ------------------------------------------------------------------------

    def test_without_o_the_report_lies_in_the_first_folder(self):
        said = self.latent("report", "runs/rate/").stderr
        self.assertIn("wrote runs/rate/report.html", said)
        self.assertEqual((self.dir / "runs/rate/report.html").read_text(), self.report("runs/rate").source)
        self.latent("report", "runs/rate")  # again, over it
        out = self.latent("report", "runs/rate", "-o", "-")
        self.assertEqual(out.stdout, self.report("runs/rate").source)

    def test_what_needs_the_data_is_left_out_where_it_has_gone_or_changed(self):
        for name, change in (("gone", lambda path: path.unlink()), ("changed", lambda path: path.write_text(path.read_text() + "u1,i7,3\n"))):
            folder = self.dir / name
            folder.mkdir()
            shutil.copy(self.dir / "d.csv", folder)
            config = json.loads((self.dir / "rate.json").read_text())
            config["data"] = {"path": f"{name}/d.csv"}
            (folder / "c.json").write_text(json.dumps(config))
            self.train(f"{name}/run", config=f"{name}/c.json")
            change(folder / "d.csv")
            page = self.report(f"{name}/run")
            self.assertEqual(page.headings(), ["Metrics", "Learning curves", "Configs", "Provenance"])
            self.assertRegex(page.all("header")[0].text(), rf"What needs the model and data of run is left out: .*{name}/d\.csv")

    def test_an_unfinished_run_says_so_and_shows_what_there_is(self):
        shutil.copytree(self.dir / "runs/rate", self.dir / "cut/early")
        (self.dir / "cut/early/metrics.json").unlink()
        done = self.latent("report", "cut/early", "-o", "cut.html")
        self.assertIn("cut/early: this run is not finished", done.stderr)
        page = Page((self.dir / "cut.html").read_text())
        self.assertIn("early is not finished: it stands at step 40. Go on with: latent train --resume cut/early", page.all("header")[0].text())
        self.assertIn("Map of the items", page.headings())
        for path in (self.dir / "cut/early/checkpoints").glob("*"):
            path.unlink()
        self.latent("report", "cut/early", "-o", "cut.html")
        page = Page((self.dir / "cut.html").read_text())
        self.assertIn("no checkpoint yet", page.all("header")[0].text())
        self.assertIn("Learning curves", page.headings())

    def test_a_sweep_that_is_not_finished_says_so(self):
        shutil.copytree(self.dir / "tuned", self.dir / "half")
        for path in (self.dir / "half").glob("winner*"):
            shutil.rmtree(path)
        done = self.latent("report", "half", "-o", "half.html")
        self.assertIn("half: this sweep is not finished; go on with: latent sweep --resume half", done.stderr)
        page = Page((self.dir / "half.html").read_text())
        self.assertEqual(page.headings(), ["Sweep half"])
        self.assertIn("there is no winner yet", page.section("Sweep half").text())
        (self.dir / "half/sweep.sqlite").unlink()
        self.latent("report", "half", "-o", "half.html")
        self.assertIn("0 of them judged", (self.dir / "half.html").read_text())
        self.assertFalse((self.dir / "half/sweep.sqlite").exists(), "a report makes no database")

    def test_mistakes_are_a_line_each(self):
        self.assertIn("nowhere: no such run directory", self.complaint("report", "nowhere", "-o", "x.html"))
        (self.dir / "empty").mkdir(exist_ok=True)
        self.assertIn("empty: neither a run nor a sweep", self.complaint("report", "empty", "-o", "x.html"))
        self.assertIn("none/x.html: cannot write", self.complaint("report", "runs/mean", "-o", "none/x.html"))
        self.assertIn("missing RUN|SWEEP", self.complaint("report", code=2))
        shutil.copytree(self.dir / "runs/mean", self.dir / "torn")
        (self.dir / "torn/metrics.json").write_text("{")
        self.assertIn("torn/metrics.json: damaged", self.complaint("report", "torn", "-o", "x.html"))
        self.assertFalse((self.dir / "x.html").exists())

    # --- in a browser -----------------------------------------------------------------------------

    @unittest.skipUnless(chromium.PROGRAM, "Chromium is not installed (Debian: apt install chromium)")
    def test_a_browser_clips_nothing_and_has_nothing_to_complain_of(self):
        for paths in (self.every[3], ("tuned",)):
            for width in (390, 820, 1440):
                with self.subTest(paths=paths, width=width):
                    found = chromium.look(self.path_of(*paths), width)
                    self.assertEqual(found.width, width)
                    self.assertEqual(found.wrong, [])
                    self.assertEqual(found.console, [])
                    self.assertGreater(found.texts, 100)
                    self.assertGreaterEqual(found.smallest, 7.9, "pixels of the smallest text")

    @unittest.skipUnless(chromium.PROGRAM, "Chromium is not installed (Debian: apt install chromium)")
    def test_a_browser_shows_it_light_or_dark_as_asked(self):
        self.assertEqual(chromium.look(self.path_of("runs/mean"), 820).colour, "rgb(255, 255, 255)")
        self.assertEqual(chromium.look(self.path_of("runs/mean"), 820, dark=True).colour, "rgb(20, 23, 27)")


if __name__ == "__main__":
    support.main()
