"""The example that each command's --help shows does what it says, in a folder with the runs and the data that it names."""

import gzip
import os
import pathlib
import re
import subprocess

import support

EXAMPLE = re.compile(r"\nExample:\n  (latent .+)\n")
USES_A_RUN = re.compile(r"\bruns/([\w-]+)")


def films(count):
    """u.item of a made-up ml-100k: film 50 is the one that the example of `find` looks for."""
    titles = {50: "Star Wars (1977)"}
    return "".join(f"{n}|{titles.get(n, f'Film {n} (1990)')}|01-Jan-1990||\n" for n in range(1, count + 1))


class Examples(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        (cls.dir / "configs").symlink_to(support.ROOT / "configs")
        films_data = cls.dir / "data/ml-100k"
        films_data.mkdir(parents=True)
        rows = [(u[1:], int(i[1:]) + 1, max(r, 1), 880000000 + n) for n, (u, i, r) in enumerate(support.random_rows(80, 60, 2000))]
        (films_data / "u.data").write_text("".join("\t".join(map(str, row)) + "\n" for row in rows))
        (films_data / "u.item").write_text(films(60), encoding="latin-1")
        with gzip.open(cls.dir / "ratings.csv.gz", "wt") as file:
            file.write(support.csv_text(support.random_rows(20, 10, 100)))
        (cls.dir / "bin").mkdir()
        (cls.dir / "bin/latent").symlink_to(pathlib.Path(support.PROGRAM).resolve())
        (cls.dir / ".local/share/bash-completion/completions").mkdir(parents=True)
        cls.examples = cls().found()
        made = cls().run_line(cls.examples["synth"][1])  # the data of configs/quickstart.json
        assert made.returncode == 0, made.stderr

    def run_line(self, line):
        environment = {**support.environment(self.dir), "HOME": str(self.dir),
                       "PATH": f"{self.dir / 'bin'}{os.pathsep}{os.environ['PATH']}"}
        return subprocess.run(["bash", "-c", line], cwd=self.dir, env=environment, capture_output=True, encoding="utf-8", timeout=900)

    def found(self):
        """{command: its example} of every command in the program's own list."""
        listed = self.latent("--help").stdout
        names = re.findall(r"^  (\w+)  +\S", listed.split("Usage:")[1], re.MULTILINE)
        return {name: EXAMPLE.search(self.latent("help", name).stdout + "\n") for name in names}

    def run_that_is_named(self, name):
        config = f"configs/{name}.json"
        if not (support.ROOT / config).exists():
            config = "configs/quickstart.json"
        seed = re.search(r"-(\d+)$", name)  # svd-1, svd-2: one setting under several seeds
        self.latent("train", config, "--run-dir", f"runs/{name}", "--set", "train.epochs=3", "--set", f"train.seed={seed[1] if seed else 0}")

    def test_every_command_has_one(self):
        self.assertGreater(len(self.examples), 12)
        for name, example in self.examples.items():
            self.assertIsNotNone(example, name)
            self.assertIn(f"latent {name}", example[1])

    def test_each_does_what_it_says(self):
        for name, example in self.examples.items():
            if name == "synth":
                continue
            with self.subTest(example[1]):
                made = name in ("train", "sweep")  # what these name, they make
                for run in [] if made else USES_A_RUN.findall(example[1]):
                    if not (self.dir / "runs" / run).exists():
                        self.run_that_is_named(run)
                line = example[1]
                if name == "serve":  # until it is stopped
                    line = "timeout --preserve-status -s TERM 5 " + line.replace("--port 8000", "--port 0")
                done = self.run_line(line)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                self.assertTrue(done.stdout + done.stderr != "" or ">" in example[1])


if __name__ == "__main__":
    support.main()
