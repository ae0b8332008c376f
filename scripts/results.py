#!/usr/bin/env python3
"""Makes docs/results.md: published figures beside those of this program, from the configs in configs/published/.

    scripts/results.py data --program build/release/latent              all rows
    scripts/results.py data --only lastfm                               the rows whose name holds "lastfm"
    scripts/results.py data --page                                      the page alone, from docs/results.json

DATA is the folder that the configs call data/. Figures are kept in docs/results.json by row, each as it was measured; the page
is made of them. A row is trained once for each of three seeds, models that draw nothing once; the test part is judged once.
"""

import argparse
import json
import pathlib
import platform
import statistics
import subprocess
import tempfile
import time

from results_rows import ROWS, SECTIONS, UNMATCHED

ROOT = pathlib.Path(__file__).resolve().parents[1]
KEPT, PAGE, BARE = ROOT / "docs/results.json", ROOT / "docs/results.md", ROOT / "docs/bare.json"
DRAW_NOTHING = ("ease", "item_knn", "popularity", "item_mean")


def config_of(row):
    text = (ROOT / "configs/published" / f"{row['config']}.json").read_text(encoding="utf-8")
    return json.loads("\n".join(line for line in text.splitlines() if not line.lstrip().startswith("//")))


def data_sets(row, data):
    """--set words that put the folder of data in the place of data/; a file may be there as .gz."""
    words = []
    for knob in ("path", "valid_path", "test_path"):
        path = config_of(row)["data"].get(knob)
        if path is None:
            continue
        file = data / pathlib.Path(path).relative_to("data")
        if not file.exists():
            file = file.with_name(file.name + ".gz")
        words += ["--set", f"data.{knob}={file}"]
    return words


def run(*words):
    done = subprocess.run(list(map(str, words)), check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8")
    return done.stdout


def crossval(options, row, seed):
    words = [options.program, "crossval", ROOT / f"configs/published/{row['config']}.json", "--folds", 5, "--json",
             *data_sets(row, options.data), "--set", f"split.seed={seed}", "--set", f"train.seed={seed}"]
    told = json.loads(run(*words))["mean"]
    return {"seconds": told["fit_seconds"], **{name: told[name] for name in row["figures"]}}


def training(options, row, seed, folder):
    config = ROOT / f"configs/published/{row['config']}.json"
    run_dir = pathlib.Path(folder) / f"{row['name']}-{seed}"
    start = time.monotonic()
    run(options.program, "train", config, "--run-dir", run_dir, *data_sets(row, options.data), "--set", f"train.seed={seed}",
        "--set", "export.auto=false")
    seconds = time.monotonic() - start
    metrics = json.loads((run_dir / "metrics.json").read_text())
    out = {"seconds": metrics["train"]["seconds"], "whole_seconds": seconds}
    tests = {"": metrics["test"]}
    if any(name.startswith("both ") for name in row["figures"]):
        tests["both "] = json.loads(run(options.program, "evaluate", run_dir, "--json", "--set", "eval.mask=train_valid"))["test"]
    for name in row["figures"]:
        mask = "both " if name.startswith("both ") else ""
        out[name] = tests[mask][name.removeprefix("both ")]
    return out


def measured(options, row):
    seeds = [0] if config_of(row)["model"]["name"] in DRAW_NOTHING and not row.get("folds") else [0, 1, 2]
    with tempfile.TemporaryDirectory() as folder:
        one = crossval if row.get("folds") else lambda *words: training(*words, folder)
        found = [one(options, row, seed) for seed in seeds]
    return {"seeds": seeds, "program": run(options.program, "--version").strip(), "machine": machine(),
            "figures": {name: [result[name] for result in found] for name in found[0]}}


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    return f"{names[0] if names else platform.processor()}, {len(names)} threads"


def figure(values, digits):
    mean = statistics.fmean(values)
    return f"{mean:.{digits}f}" + (f" ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else "")


def line_of(row, kept):
    digits = row.get("digits", 4)
    published = " / ".join(f"{value:g}" for value in row["published"]) if row["published"] else "-"
    link = f"[`{row['config']}`](../configs/published/{row['config']}.json)"
    if row["name"] not in kept:
        return f"| {row['what']} | {published} | not measured yet | | | {link} | {row['why']} |"
    found = kept[row["name"]]
    of = lambda names: " / ".join(figure(found["figures"][name], digits) for name in names)
    both = [name for name in row["figures"] if name.startswith("both ")]
    ours = of(name for name in row["figures"] if name not in both) + (f" ({of(both)})" if both else "")
    seconds = statistics.fmean(found["figures"]["seconds"])
    return f"| {row['what']} | {published} | {ours} | {len(found['seeds'])} | {seconds:.2g} | {link} | {row['why']} |"


def bare_section():
    """A config of a path and a model beside a tuned one, as scripts/bare.py measured them."""
    if not BARE.exists():
        return []
    out = ["## Bare configs beside tuned ones", "",
           "A config of a path and a model name, and the best of a random search of so many trials on the validation part, one seed, both judged on the test part",
           "(`scripts/bare.py DATA`; raw figures in [bare.json](bare.json)): rmse of models of ratings, ndcg@10 of rankings. Above 0 %: the bare config is worse.", "",
           "| data, model | metric | bare | tuned | worse by | trials | seconds bare | tuned to |", "| --- | --- | --- | --- | --- | --- | --- | --- |"]
    for name, found in sorted(json.loads(BARE.read_text()).items()):
        ratio = found["bare"] / found["tuned"] - 1
        worse = ratio if found["metric"] == "rmse" else -ratio
        knobs = ", ".join(f"{knob} {value if isinstance(value, str) else format(value, 'g')}" for knob, value in found["knobs"].items()) or "the bare config"
        out.append(f"| {name} | {found['metric']} | {found['bare']:.4f} | {found['tuned']:.4f} | {100 * worse:+.1f} % | {found['trials']} | {found['bare_seconds']:.2g} | {knobs} |")
    return out + [""]


def page(kept):
    out = ["# Published figures and ours", "",
           "Made by `scripts/results.py DATA` from `configs/published/`; raw figures are in [results.json](results.json). Ours are means ± the",
           "standard deviation (n - 1) over seeds; of cross-validation over seeds of the split, of each the mean of 5 folds. Seconds are those of one",
           "training on the machine that results.json names (which had other work to do: they are upper bounds).", "",
           "The notebook's own protocol, on its settings and beside Python's figures: [notebook.md](notebook.md).", ""]
    for section in SECTIONS:
        out += [f"## {section['title']}", "", section["text"], ""]
        if not any(row["section"] == section["name"] for row in ROWS):
            continue
        out += [f"| model | published: {section['figures']} | ours | seeds | seconds | config | where they differ, why |",
                "| --- | --- | --- | --- | --- | --- | --- |"]
        out += [line_of(row, kept) for row in ROWS if row["section"] == section["name"]]
        missing = [row for row in UNMATCHED if row["section"] == section["name"]]
        out += [f"| {row['what']} | {row['published']} | - | | | | {row['why']} |" for row in missing]
        out += [""]
    return "\n".join(out + bare_section())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=pathlib.Path, help="the folder that the configs call data/")
    parser.add_argument("--program", default=str(ROOT / "build/release/latent"))
    parser.add_argument("--only", default="", help="rows whose name holds this text")
    parser.add_argument("--missing", action="store_true", help="rows that docs/results.json lacks")
    parser.add_argument("--page", action="store_true", help="make the page alone")
    options = parser.parse_args()
    options.data = options.data.resolve()
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    for row in [] if options.page else ROWS:
        if options.only not in row["name"] or (options.missing and row["name"] in kept):
            continue
        kept[row["name"]] = measured(options, row)
        print(line_of(row, kept), flush=True)
        KEPT.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")
        PAGE.write_text(page(kept), encoding="utf-8")
    PAGE.write_text(page(kept), encoding="utf-8")


if __name__ == "__main__":
    main()
