"""docs/dependencies.md names what the program is linked to and which headers of others it includes, no more and no less."""

import pathlib
import re
import shutil
import subprocess
import unittest

import support

SYSTEM = ("libc.so", "libm.so", "libstdc++.so", "libgcc_s.so", "ld-linux-", "libpthread.so", "libdl.so", "librt.so", "libasan.so", "libubsan.so")
OTHERS = re.compile(r'#include <(?:([a-z0-9_-]+)/[^>]+|([a-z0-9_]+\.hpp))>')
TORCH = ("torch", "ATen", "c10")
SYSTEM_FOLDERS = ("sys", "netinet", "arpa", "linux", "asm")


def rows(section):
    """The cells of a table's rows."""
    text = (support.ROOT / "docs/dependencies.md").read_text(encoding="utf-8").split(f"## {section}\n")[1].split("\n## ")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| `")]


def needed(path):
    """What the file asks the loader for, without versions."""
    text = subprocess.run(["readelf", "-d", path], check=True, capture_output=True, encoding="utf-8").stdout
    names = re.findall(r"\(NEEDED\).*\[(.+)\]", text)
    return {re.sub(r"\.so.*", ".so", name) for name in names if not name.startswith(SYSTEM)}


class Dependencies(unittest.TestCase):
    @unittest.skipUnless(shutil.which("readelf"), "no readelf here")
    def test_what_is_linked_is_listed_with_its_licence(self):
        program = pathlib.Path(support.PROGRAM)
        listed = {}
        for libraries, by, tested, licence, _ in rows("Linked"):
            self.assertTrue(re.search(r"\d", tested) and licence, libraries)
            for name in re.findall(r"`([^`]+)`", libraries):
                for part in by.split():
                    listed.setdefault(part, set()).add(name)
        for part in ("latent", "liblatent_server.so", "liblatent_train.so"):
            self.assertEqual(needed(program.with_name(part)), listed[part], part)

    def test_headers_of_others_are_listed(self):
        listed = {re.search(r"`([^`]+)`", row[0])[1].split("/")[0] for row in rows("Headers alone")}
        used = set()
        for folder in ("src", "models"):
            for path in (support.ROOT / folder).rglob("*.*"):
                for one, other in OTHERS.findall(path.read_text(encoding="utf-8")):
                    used.add(one or other)
        linked = {"isa-l", "latent"}  # of a library of the first table; our own for other programs
        self.assertEqual(used - set(TORCH) - set(SYSTEM_FOLDERS) - linked, listed)


if __name__ == "__main__":
    support.main()
