"""What a clone names that is not in it: data sets that scripts/fetch_data.sh brings, and nothing else."""

import os
import pathlib
import re
import shlex
import subprocess
import unittest

import support

SHARED = pathlib.Path(os.environ.get("LATENT_SHARED_DATA", ""))
CONFIGS = sorted([*(support.ROOT / "configs").glob("*.json"), *(support.ROOT / "configs/notebook").glob("*.json")])
REMEDY = re.compile(r": cannot open: No such file or directory; scripts/(?:fetch_data\.sh ([\w-]+) brings|quickstart\.sh makes) it$")


def fetch(folder, *words):
    """fetch_data.sh with `folder` as the clone's data folder."""
    environment = {**support.environment(folder), "LATENT_DATA_DIR": str(folder / "data")}
    return subprocess.run(["bash", support.ROOT / "scripts/fetch_data.sh", *words], env=environment, capture_output=True, encoding="utf-8", timeout=300)


class Clone(support.Case):
    def test_only_tests_speak_of_a_folder_beside_the_clone(self):
        read, found = 0, []
        for folder in (".", "configs", "configs/notebook", "docs", "scripts", "src", "models", "cmake"):
            for path in (support.ROOT / folder).rglob("*") if folder in ("src", "models") else (support.ROOT / folder).iterdir():
                if path.is_file() and path.suffix in (".md", ".json", ".py", ".sh", ".txt", ".h", ".cpp", ".cmake", ""):
                    read += 1
                    if "../shared" in path.read_text(encoding="utf-8"):
                        found.append(str(path.relative_to(support.ROOT)))
        self.assertEqual(found, [])
        self.assertGreater(read, 200)

    def test_every_config_says_how_to_get_its_data(self):
        known = re.findall(r"^    ([\w-]+)  ", fetch(self.dir, "--help").stdout, re.MULTILINE)
        self.assertGreaterEqual(len(known), 10)
        named = set()
        for config in CONFIGS:
            with self.subTest(config.name):
                done = self.latent("config", "check", config, code=1)
                paths = re.findall(r'"data/[^"]+"', config.read_text(encoding="utf-8"))
                lines = done.stderr.splitlines()
                self.assertEqual([line.split(": ")[1] for line in lines], [path.strip('"') for path in paths])
                for line in lines:
                    self.assertRegex(line, REMEDY)
                    named.add(REMEDY.search(line)[1])
        self.assertEqual(named - {None, *known}, set())

    def test_every_command_says_so_too(self):
        text = "data/ml-100k/u.data: cannot open: No such file or directory; scripts/fetch_data.sh ml-100k brings it"
        config = support.ROOT / "configs/movielens.json"
        support.write_rows(self.dir / "d.csv", support.random_rows(20, 10, 100))
        support.write_config(self.dir / "mean.json", data="d.csv", model={"name": "mean"})
        self.train("run", config="mean.json")
        self.assertEqual(self.complaint("data", "info", "data/ml-100k/u.data"), text)
        for words in (["train", config, "--run-dir", "none"], ["crossval", config], ["evaluate", "run"]):
            with self.subTest(words[0]):
                done = self.latent(*words, "--set", "data.path=data/ml-100k/u.data", "--set", "data.titles.path=", code=1)
                self.assertEqual(done.stderr, f"latent: {text}\n")

    @unittest.skipUnless((SHARED / "ml-100k").is_dir(), f"no real data at {SHARED}")
    def test_what_it_says_brings_the_data_and_the_printed_command_is_right(self):
        done = fetch(self.dir, "--from", str(SHARED), "ml-100k", "goodbooks-10k", "ml-1m-ranking", "lastfm-ranking")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for held in ("100000 ratings, 943 users, 1682 items", "981756 ratings, 53424 users, 10000 items",
                     "836478 ratings, 6039 users, 3628 items", "91779 ratings, 1885 users, 17388 items"):
            self.assertIn(held, done.stdout)
        printed = re.findall(r"^  train  \S*latent train (.*)$", done.stdout, re.MULTILINE)
        self.assertEqual(len(printed), 4)
        for config, *sets in map(shlex.split, printed):
            with self.subTest(config):
                for more in (sets, []):  # with the paths that the script adds for a folder of another name, and as it is
                    done = self.latent("config", "check", support.ROOT / config, *more)
                    self.assertRegex(done.stdout, "valid$")


if __name__ == "__main__":
    support.main()
