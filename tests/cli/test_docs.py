"""The documents speak of what is there: the paths and knobs that they name exist, README's map names every folder."""

import pathlib
import re
import unittest

import support

DOCUMENTS = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md",
             *(f"docs/{name}.md" for name in ("architecture", "experiments", "extending", "fold_in", "formats", "jobs", "notebook", "performance", "serving", "serving_http"))]
# Folders in which nothing is checked in: a document may name files that come and go there.
MADE = ("build/", "runs/", "data/", "../")


def text_of(document):
    return (support.ROOT / document).read_text(encoding="utf-8")


def without_blocks(text):
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def expanded(path):
    """a.{h,cpp} and a/{b,c}.cpp as the shell reads them."""
    found = re.search(r"\{([^{}]*)\}", path)
    if not found:
        return [path]
    return [p for word in found.group(1).split(",") for p in expanded(path[:found.start()] + word + path[found.end():])]


def missing(pattern, folder=support.ROOT):
    """Whether no file or folder is called so; * stands for any name."""
    return not list(folder.glob(pattern)) if "*" in pattern else not (folder / pattern).exists()


class Documents(unittest.TestCase):
    def test_every_link_leads_somewhere(self):
        links = 0
        for document in DOCUMENTS:
            for link in re.findall(r"\]\(([^)#]+)[^)]*\)", without_blocks(text_of(document))):
                if "://" in link:
                    continue
                links += 1
                self.assertTrue((support.ROOT / document).parent.joinpath(link).exists(), f"{document}: {link}")
        self.assertGreater(links, 10)

    def test_every_path_in_backticks_exists(self):
        roots = {path.name for path in support.ROOT.iterdir()}
        paths = 0
        for document in DOCUMENTS:
            for word in re.findall(r"`([\w./*{},-]+/[\w./*{},-]*)`", without_blocks(text_of(document))):
                if word.startswith(MADE) or word.split("/")[0] not in roots:
                    continue
                for path in expanded(word):
                    paths += 1
                    self.assertFalse(missing(path.rstrip("/")), f"{document}: {path}")
        self.assertGreater(paths, 50)

    def test_every_file_that_a_diff_changes_exists_unless_the_diff_makes_it(self):
        names = re.findall(r"^\+\+\+ (\S+)( \(new\))?$", text_of("docs/extending.md"), re.MULTILINE)
        self.assertGreater(len(names), 10)
        for name, new in names:
            self.assertEqual(missing(name), bool(new), name)

    def test_every_line_that_a_diff_takes_as_given_stands_in_its_file(self):
        # A recipe that quotes code which is gone sends its reader astray.
        quoted = 0
        for block in re.findall(r"^```diff\n(.*?)^```$", text_of("docs/extending.md"), re.MULTILINE | re.DOTALL):
            source = ""
            for line in block.splitlines():
                if line.startswith("+++ "):
                    path = support.ROOT / line.split()[1]
                    source = path.read_text(encoding="utf-8") if path.exists() else ""
                elif line[:1] in (" ", "-") and line[1:].strip() not in ("", "...") and source:
                    quoted += 1
                    self.assertIn(line[1:] + "\n", source, f"{path.name} has no such line")
        self.assertGreater(quoted, 20)


class Map(unittest.TestCase):
    def test_names_every_folder(self):
        section = text_of("README.md").split("\n## Map\n")[1]
        named = {path for row in re.findall(r"^\| (.*) \|$", section, re.MULTILINE)
                 for path in re.findall(r"`([\w./-]+)/`", row)}
        there = {"models", "configs", "docs", "scripts", "tests", "cmake",
                 *(f"src/{path.name}" for path in (support.ROOT / "src").iterdir())}
        self.assertEqual(there - named, set())
        self.assertEqual({name for name in named if missing(name)}, set())


class Architecture(unittest.TestCase):
    maxDiff = None

    def test_lists_the_folders_and_what_they_include_as_the_include_test_has_them(self):
        rule = re.findall(r"^set\((\w+) (\w+(?: \w+)*)\)$", text_of("tests/cmake/includes.cmake"), re.MULTILINE)
        table = re.findall(r"^\| `(?:src/)?(\w+)/` \|[^|]*\|([^|]*)\|", text_of("docs/architecture.md"), re.MULTILINE)
        said = {folder: set(re.findall(r"\w+", below)) for folder, below in table}
        self.maxDiff = None
        self.assertEqual(said, {folder: set(below.split()) - {folder} for folder, below in rule})
        self.assertGreater(len(said), 10)


if __name__ == "__main__":
    support.main()
