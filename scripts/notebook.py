#!/usr/bin/env python3
"""Repeats the notebook's cells and prints its numbers beside ours; notebook.sh calls it.

    scripts/notebook.sh [--seeds 3]             prints a table, each cell on the notebook's own file (scripts/fetch_data.sh)
    scripts/notebook.sh --data FILE             prints a table, all cells on one ratings file
    scripts/notebook.sh --doc                   writes docs/notebook.md: Goodreads and MovieLens
    python scripts/notebook.py --python         makes tests/golden/notebook_cells.json (needs torch and numpy)

A row of CELLS is a cell: a config in configs/notebook and what the notebook printed. A figure is compared with the same
protocol's in Python on the same file (tests/golden), and on the notebook's own file with what the notebook printed.
Data sets lie in the folder LATENT_SHARED_DATA, or in data.
"""

import argparse
import collections
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
GOLDEN = ROOT / "tests/golden"
DATA = pathlib.Path(os.environ.get("LATENT_SHARED_DATA", ROOT / "data"))
DOCUMENTED = {"goodreads_interactions_200k.csv.gz": "Goodreads, 200,000 ratings", "ml-100k/u.data": "MovieLens 100k"}
NOTEBOOK_FILE = "goodreads_reviews_comics_graphic.json.gz"
FLOOR = 0.005  # the least sd, as a share of the figure: that of a few runs is rough

# `file` is the notebook's own; `figures`: those compared, or all.
Cell = collections.namedtuple("Cell", "title config where printed file figures", defaults=[NOTEBOOK_FILE, None])


def objectives(*values):
    return {f"objective_{10 * n}": value for n, value in enumerate(values, 1)}


# fmt: off
CELLS = [
    Cell("LFM, TensorFlow", "lfm_tf", "In [10]-[15]",
         objectives(0.5413822, 0.513759, 0.5110235, 0.51673234, 0.5165422, 0.5135466, 0.51165915, 0.51350456, 0.51042646, 0.5097919)),
    Cell("LFM, PyTorch", "lfm_torch", "after In [16]", {}),
    Cell("BPR, TensorFlow", "bpr_tf", "In [55]-[59]",
         objectives(0.5303632, 0.47583044, 0.4722096, 0.47280103, 0.47669053, 0.47630626, 0.47247666, 0.4745618, 0.47154313, 0.46945256)),
    Cell("BPR, PyTorch", "bpr_torch", "In [46]-[49]",
         objectives(0.5781843, 0.5346540, 0.5334716, 0.5317417, 0.5284982, 0.5290071, 0.5291610, 0.5280735, 0.5251090, 0.5288001)),
    Cell("5.1 biases, TensorFlow", "ex5_1_tf", "In [62]-[71]",
         objectives(0.57053554, 0.5389685, 0.5308695, 0.52404946, 0.516751) | {"baseline_mse": 1.3267613992499294, "mse": 1.0027213071269891}),
    Cell("5.1 biases, PyTorch", "ex5_1_torch", "In [60]-[64]",
         objectives(1.0379294, 0.9627812, 0.9267162, 0.9255958, 0.9355826) | {"baseline_mse": 1.3254129874908986, "mse": 0.9567523000636151}),
    Cell("5.2, 5.3 LFM, TensorFlow", "ex5_2_tf", "In [72]-[77]",
         objectives(0.539807, 0.5344611, 0.532373, 0.53467935, 0.5289248) | {"mse": 1.0097459352107794, "rounded_mse": 1.0911789652247668}),
    Cell("5.2 LFM, PyTorch", "ex5_2_torch", "In [67]-[68]",
         objectives(1.0803641, 1.0124555, 0.9824609, 0.9526613, 0.9274087) | {"mse": 1.020429780222474}),
    Cell("5.4 BPR, TensorFlow", "ex5_4_tf", "In [78]-", {"auc": 0.7884310302103841}),
    Cell("5.4 BPR, PyTorch", "ex5_4_torch", "In [69]-[83]",
         objectives(0.5897132, 0.5543974, 0.5526553, 0.5476884, 0.5417863) | {"auc": 0.7810019841269845}),
    Cell("Surprise's SVD", "svd", "In [38]-[43]", {"mse": 1.18535715288669}, "goodreads_fantasy.tsv",
         ("baseline_mse", "mse", "mse_over_baseline")),
    Cell("implicit's BPR", "implicit_bpr", "In [44]-[52]", {"train_auc": 0.9007, "skipped": 0.0181},
         "goodreads_reviews_fantasy_paranormal.json.gz", ("train_auc", "skipped")),
]
# fmt: on

# What a run's metrics hold under a name of their own, or together.
FIGURES = {
    "baseline_mse": lambda test: test.get("baseline_mse"),
    "mse": lambda test: test.get("mse"),
    "mse_over_baseline": lambda test: test["mse"] / test["baseline_mse"] if "mse" in test else None,
    "rounded_mse": lambda test: test.get("rounded_mse"),
    "auc": lambda test: test.get("auc_sampled"),
}
NAMES = {"baseline_mse": "MSE of the mean", "mse": "test MSE", "mse_over_baseline": "test MSE / MSE of the mean",
         "rounded_mse": "test MSE, rounded", "auc": "AUC, sampled", "train_auc": "train AUC", "skipped": "samples skipped"}


def name_of(figure, leaked):
    return figure.replace("objective_", "objective, ") if figure.startswith("objective_") else NAMES[figure] + " (leaked)" * leaked


def run(latent, config, data, seed, folder):
    """-> {figure: value} of one run, and whether its test part was trained on"""
    directory = pathlib.Path(folder, f"{config}-{seed}")
    command = [latent, "train", ROOT / f"configs/notebook/{config}.json", "--json", "--run-dir", directory, "--set", f"data.path={data}",
               "--set", f"split.seed={seed}", "--set", f"train.seed={seed}", "--set", "export.auto=false", "--set", "eval.k=[10]",
               "--set", f"data.cache_dir={folder}/cache"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"notebook: {done.stderr.strip().splitlines()[-1]}")
    steps = map(json.loads, (directory / "log.jsonl").read_text().splitlines())
    figures = {f"objective_{line['step']}": line["objective"] for line in steps if line["step"] % 10 == 0}
    metrics = json.loads(done.stdout)
    test = metrics["test"]
    figures.update((figure, value) for figure, of in FIGURES.items() if (value := of(test)) is not None)
    figures.update((name, metrics["train"][name]) for name in ("train_auc", "skipped") if name in metrics["train"])
    return figures, test.get("leaked", False)


def python_figures():
    """-> {file: {cell: {figure: [mean, sd]}}}"""
    figures = collections.defaultdict(dict)
    for file in (GOLDEN / "exercises.json", GOLDEN / "notebook_cells.json", GOLDEN / "notebook_libraries.json"):
        for data, cells in json.loads(file.read_text())["data"].items():
            figures[data].update(cells)
    return figures


def file_in(names, path):
    """-> the name in `names` with which `path` ends"""
    return next((name for name in names if pathlib.Path(path).parts[-len(pathlib.Path(name).parts):] == pathlib.Path(name).parts), None)


Row = collections.namedtuple("Row", "cell figure leaked printed mean sd python mark")


def compare(latent, data, seeds):
    """-> the Rows of every cell on the file `data`; None: each on its own, and those left out whose file is not there"""
    python = python_figures()
    missing = {DATA / cell.file for cell in CELLS if not (DATA / cell.file).exists()} if data is None else set()
    for path in sorted(missing):
        print(f"its cells left out: there is no {path}; scripts/fetch_data.sh {path.name} brings it", file=sys.stderr)
    rows = []
    with tempfile.TemporaryDirectory(prefix="latent-notebook-") as folder:
        for cell in CELLS:
            path = data or DATA / cell.file
            if path in missing:
                continue
            golden = python.get(file_in(python, path), {})
            print(f"{pathlib.Path(path).name}: {cell.title}, {seeds} runs ...", file=sys.stderr)
            runs = [run(latent, cell.config, path, seed, folder) for seed in range(seeds)]
            own_file = file_in([cell.file], path) is not None
            name, _, form = cell.config.rpartition("_")
            key = f"{name} {'tensorflow' if form == 'tf' else 'pytorch'}" if form in ("tf", "torch") else cell.config
            python_cell = golden.get(key, {})
            for figure in cell.figures or runs[0][0]:
                if figure not in runs[0][0]:
                    continue
                values = [figures[figure] for figures, _ in runs]
                mean, sd = statistics.mean(values), statistics.pstdev(values)
                printed, in_python = cell.printed.get(figure), python_cell.get(figure)
                expected = in_python or ([printed, 0] if own_file and printed is not None else None)
                # The split's own luck is in every figure: the sd is that of single runs, not of their mean.
                mark = "" if expected is None else "!" if abs(mean - expected[0]) > 3 * max(sd, expected[1], FLOOR * abs(expected[0])) else "ok"
                rows.append(Row(cell.title, figure, runs[0][1], printed, mean, sd, in_python, mark))
    return rows


def table(rows):
    lines = ["| cell | figure | notebook | ours | Python | within 3 sd |", "| --- | --- | --- | --- | --- | --- |"]
    for row in rows:
        printed = "" if row.printed is None else f"{row.printed:.4f}"
        python = "" if row.python is None else f"{row.python[0]:.4f} ± {row.python[1]:.4f}"
        lines.append(f"| {row.cell} | {name_of(row.figure, row.leaked)} | {printed} | {row.mean:.4f} ± {row.sd:.4f} | {python} | {row.mark} |")
    compared = [row for row in rows if row.mark]
    beyond = sum(row.mark == "!" for row in compared)
    return "\n".join(lines), f"{len(compared)} figures compared, {beyond} beyond 3 sd."


DOC = """# The notebook's cells, number beside number

Written by `scripts/notebook.sh --doc`; `scripts/notebook.sh --data FILE` prints the same table for any ratings file.

Each cell is a config of `configs/notebook`, run with {seeds} seeds (of the split and of the training, 0 to {last}). The columns:

- **notebook**: what the notebook printed, on its own file (542,338 reviews of comics; for the library cells, fantasy books). Objectives at the iterations it prints, test
  figures where it prints them. Empty: it printed none. The scores of single pairs that it shows are of a random pair, and not repeated.
- **ours**: mean ± sd over the seeds, on the file named above the table.
- **Python**: the same protocol written in Python with PyTorch (and Keras's Adam), on the same file: mean ± sd over 10 seeds for the
  exercises (`tests/golden/exercises.json`), over 3 for the first four cells (`tests/golden/notebook_cells.json`). For the library cells: Surprise and implicit
  themselves, over 5 (`tests/golden/notebook_libraries.json`).
- **within 3 sd**: ours against Python; `!` where they differ by more than three times the largest of the two sds and {floor} of
  the figure. The sds are of single runs, and most of a test figure's sd is the luck of its split: test MSE / MSE of the mean has less of it.

{tables}

## Why the notebook's numbers differ

**Its file is another one**: reviews of comics, here a general sample of Goodreads and films. Levels of all figures differ (its mean alone
has an MSE of 1.33), so only the Python column tells whether the arithmetic is the same. With the notebook's file:
`scripts/fetch_data.sh comics fantasy fantasy_reviews`, then `scripts/notebook.sh`, which compares with what the notebook printed.
The files here are also smaller, with the same 50,000 samples a step: more passes over the data at the same penalty, so the latent
factor model overfits: its objective falls lower than the notebook's while its test MSE is no better than the mean's.

**Exercise 5.1 in TensorFlow goes on with an optimizer that already has 100 steps**: no new one is made after the BPR cell (In [56]).
Keras counts steps in the optimizer, but the moments of the new variables start at zero, so the first steps lack their
bias correction: they are longer than a fresh optimizer's. Ours starts afresh. The Python protocol shows what that changes:

{aged}

In the notebook this cell's test MSE is {ratio_tf:.3f} of the mean's, the PyTorch cell's {ratio_torch:.3f}.

**The TensorFlow BPR cell trains on test interactions** (In [59] passes `interactions`, not `interactionsTrain`), and rejects as negatives only
training items. So does `bpr_tf.json` (`train.rows: all`); its test figures mean nothing as such and are labelled leaked.
Its penalty is half of PyTorch's at the same lambda (`tf.nn.l2_loss` halves), which is why objectives of the two forms are not to be compared with
each other. For ratings TensorFlow halves the squared error instead, and not the penalty.

**Cell 51 calls the rating model by mistake**: after training BPR it prints `modelLFM(...)`, 3.78, a rating. The score
of the BPR model is what `latent predict` prints for a BPR run.

**A mark at iteration 10** stands in the steep part of the curve, where single runs spread more than three of them show: over the 10 seeds of
exercise 5.4 on MovieLens the objective there has an sd of .0085, which covers it.

**Exercise 5.3 is printed once**, after the TensorFlow cell of 5.2 (In [76] follows In [74]); every run of 5.2 has it as `rounded_mse`.

**Exercise 5.4 in TensorFlow printed no objectives** (In [79] has no output), and its AUC stands under a cell without a number, so it may be of another run.

**The library cells read other files**: Surprise `goodreads_fantasy.tsv`, on its reader's default scale of 1 to 5 although the file holds
zeros (`svd.json` clips likewise); implicit the reviews of fantasy books, every one of them positive whatever its rating.
"""


def aged_table(golden):
    lines = ["| file | figure | fresh optimizer | after 100 steps |", "| --- | --- | --- | --- |"]
    for data, title in DOCUMENTED.items():
        fresh, aged = golden[data]["ex5_1 tensorflow"], golden[data]["ex5_1 tensorflow, optimizer after 100 steps"]
        for figure in ("objective_10", "objective_50", "mse_over_baseline"):
            cells = (f"{x[figure][0]:.4f} ± {x[figure][1]:.4f}" for x in (fresh, aged))
            lines.append(f"| {title} | {name_of(figure, False)} | {' | '.join(cells)} |")
    return "\n".join(lines)


def need_documented():
    missing = [str(DATA / data) for data in DOCUMENTED if not (DATA / data).exists()]
    if missing:
        sys.exit(f"notebook: there is no {' and no '.join(missing)}; LATENT_SHARED_DATA names the folder that has them")


def write_doc(latent, seeds):
    tables = []
    need_documented()
    for data, title in DOCUMENTED.items():
        lines, summary = table(compare(latent, DATA / data, seeds))
        tables.append(f"## {title} (`{data}`)\n\n{summary}\n\n{lines}")
    printed = {cell.config: cell.printed for cell in CELLS}
    ratio = lambda config: printed[config]["mse"] / printed[config]["baseline_mse"]
    text = DOC.format(seeds=seeds, last=seeds - 1, floor=FLOOR, tables="\n\n".join(tables), aged=aged_table(python_figures()),
                      ratio_tf=ratio("ex5_1_tf"), ratio_torch=ratio("ex5_1_torch"))
    (ROOT / "docs").mkdir(exist_ok=True)
    (ROOT / "docs/notebook.md").write_text(text)
    print("wrote docs/notebook.md", file=sys.stderr)


def write_python(seeds):
    """The first four cells in Python, and 5.1 with the used optimizer."""
    from notebook_python import Split, read, train_bpr, train_ratings

    def ratings(data, seed, factors, steps, kind, form, earlier_steps=0):
        figures = train_ratings(data, factors, steps, kind, seed, form, earlier_steps)
        return figures | {"mse_over_baseline": figures["mse"] / figures["baseline_mse"]}

    cells = {
        "lfm tensorflow": lambda data, seed: ratings(data, seed, 5, 100, "lfm", "tf"),
        "lfm pytorch": lambda data, seed: ratings(data, seed, 5, 100, "lfm", "torch"),
        "bpr tensorflow": lambda data, seed: train_bpr(data, 5, 100, seed, "tf", rows="all"),
        "bpr pytorch": lambda data, seed: train_bpr(data, 5, 100, seed),
        "ex5_1 tensorflow, optimizer after 100 steps": lambda data, seed: ratings(data, seed, 1, 50, "bias", "tf", earlier_steps=100),
    }
    result = {"how": f"python scripts/notebook.py --python --seeds {seeds} (notebook_python.py; mean and sd over the seeds)", "data": {}}
    need_documented()
    for data in DOCUMENTED:
        interactions = read(DATA / data)
        splits = [Split(interactions, seed) for seed in range(seeds)]
        result["data"][data] = {}
        for name, cell in cells.items():
            print(f"{data}: {name}, {seeds} runs in Python ...", file=sys.stderr)
            runs = [cell(split, seed) for seed, split in enumerate(splits)]
            result["data"][data][name] = {
                figure: [round(f([r[figure] for r in runs]), 4) for f in (statistics.mean, statistics.pstdev)]
                for figure in runs[0] if figure not in ("seconds", "first_loss", "last_loss")}
    (GOLDEN / "notebook_cells.json").write_text(json.dumps(result, indent=1) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=pathlib.Path, help="a ratings file for all cells (default: each cell's own; where none is there, one of docs/notebook.md)")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--latent", default=os.environ.get("LATENT", ROOT / "build/release/latent"), help="the program")
    parser.add_argument("--doc", action="store_true", help="write docs/notebook.md")
    parser.add_argument("--python", action="store_true", help="make tests/golden/notebook_cells.json")
    options = parser.parse_args()
    if options.seeds < 1:
        parser.error("--seeds must be at least 1")
    if options.python:
        return write_python(options.seeds)
    if options.doc:
        return write_doc(options.latent, options.seeds)
    data = options.data
    if data is None and not any((DATA / cell.file).exists() for cell in CELLS):
        data = next((DATA / name for name in DOCUMENTED if (DATA / name).exists()), None)
    rows = compare(options.latent, data, options.seeds)
    if not rows:
        sys.exit("notebook: no cell has its file; see above, or give --data FILE")
    print("\n\n".join(table(rows)))


if __name__ == "__main__":
    main()
