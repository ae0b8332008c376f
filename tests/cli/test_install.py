#!/usr/bin/env python3
"""What `cmake --install` puts in place: the program, the serving library with its header and its CMake package, completions.
A program outside this source tree is built on the library with find_package(latent) and answers as the command line does."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import support

BUILD = pathlib.Path(support.PROGRAM).resolve().parent

EXAMPLE = r"""
#include <latent/serve.h>

#include <iostream>

int main(int argc, char** argv) try {
  const latent::serve::Model model(argv[1]);
  std::cout << model.kind() << " " << model.users() << " " << model.items() << "\n";
  for (const auto& [item, score] : model.recommend(argv[2], 5)) std::cout << item << " " << score << "\n";
  std::cout << model.predict(argv[2], model.recommend(argv[2], 1)[0].id) << "\n";
  const latent::serve::FoldedUser somebody = model.fold_in({{"b1", 5.0}, {"b3", 2.0}, {"b4"}});
  for (const auto& [item, score] : model.recommend(somebody, 4, {.exclude = {"b2"}})) std::cout << item << " " << score << "\n";
  return 0;
} catch (const latent::serve::Error& error) {
  std::cerr << error.what() << "\n";
  return 1;
}
"""

LISTS = """cmake_minimum_required(VERSION 3.22)
project(example CXX)
find_package(latent 0.1 REQUIRED)
add_executable(example main.cpp)
target_link_libraries(example PRIVATE latent::serve)
add_executable(example_static main.cpp)
target_link_libraries(example_static PRIVATE latent::serve_static)
"""


@unittest.skipIf(shutil.which("cmake") is None, "no cmake")
class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.root = pathlib.Path(cls.folder.name)
        cls.prefix = cls.root / "prefix"
        subprocess.run(["cmake", "--install", BUILD, "--prefix", cls.prefix], check=True, capture_output=True)
        (cls.root / "ratings.csv").write_text("user,item,rating\n" + "".join(
            f"u{u},b{i},{1 + (u * 3 + i * 5) % 5}\n" for u in range(12) for i in range(15) if (u + i) % 3))
        config = {"data": {"path": "ratings.csv"}, "model": {"name": "svd", "factors": 4}}
        (cls.root / "c.json").write_text(json.dumps(config))
        cls.program = cls.prefix / "bin/latent"
        subprocess.run([cls.program, "train", "c.json", "--run-dir", "run"], cwd=cls.root, check=True, capture_output=True)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_the_program_its_part_and_completions_are_there(self):
        for name in ["bin/latent", "lib/latent/liblatent_train.so", "lib/latent/liblatent_server.so", "include/latent/serve.h",
                     "share/bash-completion/completions/latent", "share/zsh/site-functions/_latent"]:
            self.assertTrue((self.prefix / name).is_file(), name)
        self.assertIn("recommend", (self.prefix / "share/bash-completion/completions/latent").read_text())

    def test_a_program_elsewhere_is_built_on_the_library(self):
        source = self.root / "example"
        source.mkdir()
        (source / "main.cpp").write_text(EXAMPLE)
        (source / "CMakeLists.txt").write_text(LISTS)
        subprocess.run(["cmake", "-S", source, "-B", source / "build", f"-DCMAKE_PREFIX_PATH={self.prefix}"], check=True, capture_output=True)
        subprocess.run(["cmake", "--build", source / "build"], check=True, capture_output=True)
        listed = json.loads(subprocess.run(
            [self.program, "recommend", "run", "--user", "u1", "-k", "5", "--json"], cwd=self.root, check=True, capture_output=True, text=True).stdout)
        (self.root / "without").write_text("b2\n")
        folded = json.loads(subprocess.run([self.program, "recommend", "run", "--items", "b1:5,b3:2,b4", "-k", "4", "--exclude", "without", "--json"],
                                           cwd=self.root, check=True, capture_output=True, text=True).stdout)
        for example in ["example", "example_static"]:
            program = source / "build" / example
            out = subprocess.run([program, "run/model.pt", "u1"], cwd=self.root, check=True, capture_output=True, text=True).stdout.splitlines()
            self.assertEqual(out[0], "svd 12 15")
            self.assertEqual([line.split()[0] for line in out[1:6]], [row["item"] for row in listed])
            self.assertEqual([line.split()[0] for line in out[7:]], [row["item"] for row in folded])
            for line, row in zip(out[7:], folded, strict=True):
                self.assertAlmostEqual(float(line.split()[1]), row["score"], delta=1e-4)
            unknown = subprocess.run([program, "run/model.pt", "nobody"], cwd=self.root, capture_output=True, text=True)
            self.assertEqual(unknown.returncode, 1)
            self.assertIn("unknown user 'nobody'", unknown.stderr)
            needed = subprocess.run(["ldd", program], capture_output=True, text=True).stdout
            self.assertNotIn("torch", needed)

    def test_the_library_shows_its_own_names_alone(self):
        library = next(self.prefix.rglob("liblatent_serve.so"))
        names = subprocess.run(["nm", "-DC", "--defined-only", library], check=True, capture_output=True, text=True).stdout
        ours = [line.split(maxsplit=2)[2] for line in names.splitlines()]
        self.assertTrue(any("latent::serve::Model::recommend" in name for name in ours))
        for name in ours:
            self.assertIn("latent::serve::", name)

    def test_answers_come_without_libtorch(self):
        traced = subprocess.run([self.program, "predict", "run/model.pt", "u1", "b1"], cwd=self.root, check=True, capture_output=True, text=True,
                                env={**os.environ, "LD_DEBUG": "files"})
        self.assertNotIn("libtorch", traced.stderr)


if __name__ == "__main__":
    support.main()
