#!/usr/bin/env python3
"""SVDpp's parameters as Surprise learns them, for tests/golden/svdpp.json: a few rows with all parameters.

    scripts/make_svdpp_goldens.py -o tests/golden/svdpp.json

Needs scikit-surprise (1.1.5 made the committed file). Initial factors are numpy.random.RandomState(0)'s,
which tests/solve/svdpp_sgd_test.cpp draws itself.
"""

import argparse
import json
import pathlib
import random

from surprise import SVDpp
from surprise.trainset import Trainset

SETTINGS = {"n_factors": 5, "n_epochs": 12, "lr_all": 0.02, "reg_all": 0.05, "lr_yj": 0.01, "reg_yj": 0.03,
            "lr_bu": 0.03, "reg_qi": 0.08}
USERS, ITEMS = 14, 11


def rows():
    """Users and items by number, each user's together, in order of first appearance."""
    draw = random.Random(7)
    out = []
    for user in range(USERS):
        for item in sorted(draw.sample(range(ITEMS), 2 + user % 7)):
            out.append((user, item, draw.randint(1, 5)))
    first_seen = {item: n for n, item in enumerate(dict.fromkeys(item for _, item, _ in out))}
    return [(user, first_seen[item], rating) for user, item, rating in out]


def trainset(ratings):
    """A trainset whose inner ids are the rows' own numbers."""
    by_user, by_item = {}, {}
    for user, item, rating in ratings:
        by_user.setdefault(user, []).append((item, rating))
        by_item.setdefault(item, []).append((user, rating))
    users, items = {n: n for n in by_user}, {n: n for n in by_item}
    return Trainset(by_user, by_item, len(users), len(items), len(ratings), (1, 5), users, items)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", required=True, type=pathlib.Path)
    output = parser.parse_args().output
    ratings = rows()
    model = SVDpp(random_state=0, **SETTINGS).fit(trainset(ratings))
    golden = {"settings": SETTINGS, "rows": ratings,
              **{name: getattr(model, name).tolist() for name in ("bu", "bi", "pu", "qi", "yj")},
              "predictions": [model.estimate(user, item) for user, item, _ in ratings]}
    output.write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
