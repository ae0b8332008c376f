"""A release build is made with what compilers and loaders offer against damage: checked in the files themselves."""

import pathlib
import re
import shutil
import subprocess
import unittest

import support

PARTS = ("latent", "liblatent_train.so", "liblatent_server.so")


def read(option, part):
    return subprocess.run(["readelf", "-W", option, pathlib.Path(support.PROGRAM).with_name(part)], check=True, capture_output=True, encoding="utf-8").stdout


def release():
    cache = pathlib.Path(support.PROGRAM).with_name("CMakeCache.txt")
    text = cache.read_text(encoding="utf-8") if cache.exists() else ""
    return "CMAKE_BUILD_TYPE:STRING=Release" in text and "-fsanitize" not in text


@unittest.skipUnless(shutil.which("readelf") and release(), "no readelf, or no release build")
class Hardening(unittest.TestCase):
    def test_the_program_may_lie_anywhere(self):
        self.assertRegex(read("-h", "latent"), r"Type:\s+DYN")

    def test_addresses_are_bound_at_the_start_and_then_read_only(self):
        for part in PARTS:
            self.assertIn("GNU_RELRO", read("-l", part), part)
            self.assertRegex(read("-d", part), r"BIND_NOW|FLAGS.*NOW", part)

    def test_no_stack_is_executable(self):
        for part in PARTS:
            self.assertRegex(read("-l", part), r"GNU_STACK\s.* RW ", part)

    def test_stacks_and_buffers_are_guarded(self):
        for part in PARTS:
            symbols = read("--dyn-syms", part)
            self.assertIn("__stack_chk_fail", symbols, part)
            self.assertTrue(re.search(r"__\w+_chk\b", symbols), part)


if __name__ == "__main__":
    support.main()
