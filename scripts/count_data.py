"""Counts the real ratings files with Python's own readers, as a check on ours.

    python scripts/count_data.py [FOLDER]    FOLDER: LATENT_SHARED_DATA or data by default; standard library only

Prints rows, users, items and the sum of ratings of each file that is there: the constants of
tests/data/real_data_test.cpp.
"""

import ast
import csv
import gzip
import json
import os
import pathlib
import sys


def open_text(path):
    opener = gzip.open if path.suffix == ".gz" else open
    return opener(path, "rt", encoding="utf-8", newline="")


def csv_rows(user, item, rating):
    return lambda text: ((r[user], r[item], float(r[rating])) for r in csv.DictReader(text))


def object_rows(parse, user, item, rating):
    def rows(text):
        for line in text:
            fields = parse(line)
            yield str(fields[user]), str(fields[item]), float(fields[rating])

    return rows


def tab_rows(text):
    for user, item, rating, _ in csv.reader(text, delimiter="\t"):
        yield user, item, float(rating)


def adjacency_rows(text):
    for line in text:
        user, *items = line.split()
        for item in items:
            yield user, item, 1.0


PARTS = ("train", "valid", "test")
FILES = [  # several files: ids counted over all of them
    (["goodreads_interactions_200k.csv.gz"], csv_rows("userID", "bookID", "rating")),
    (["goodreads_interactions_14m.csv.gz"], csv_rows("user_id", "book_id", "rating")),
    (
        ["goodreads_reviews_pydict_10k.json.gz"],
        object_rows(ast.literal_eval, "user_id", "review_id", "rating"),
    ),
    (
        ["beer_pydict_truncated.json.gz"],
        object_rows(ast.literal_eval, "user/profileName", "beer/beerId", "review/overall"),
    ),
    (["amazon_fashion_5core.json.gz"], object_rows(json.loads, "reviewerID", "asin", "overall")),
    (["goodbooks-10k/ratings.csv.gz"], csv_rows("user_id", "book_id", "rating")),
    *[([f"ml-100k/{name}"], tab_rows) for name in ("u.data", "u1.base", "u1.test", "u2.base", "u2.test")],
    ([f"ml-1m-ranking/{part}.txt.gz" for part in PARTS], adjacency_rows),
    ([f"lastfm-ranking/{part}.txt" for part in PARTS], adjacency_rows),
]


def main():
    default = os.environ.get("LATENT_SHARED_DATA", pathlib.Path(__file__).resolve().parents[1] / "data")
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else default)
    for names, reader in FILES:
        # scripts/fetch_data.sh unpacks them.
        names = [name if (folder / name).exists() else name.removesuffix(".gz") for name in names]
        missing = [name for name in names if not (folder / name).exists()]
        if missing:
            print(f"left out: there is no {folder / missing[0]}", file=sys.stderr)
            continue
        users, items, ends, total = set(), set(), [0], 0.0
        for name in names:
            ends.append(ends[-1])
            with open_text(folder / name) as text:
                for user, item, rating in reader(text):
                    users.add(user)
                    items.add(item)
                    ends[-1] += 1
                    total += rating
        print(" ".join(names), *ends[1:], len(users), len(items), repr(total), sep="  ", flush=True)


if __name__ == "__main__":
    main()
