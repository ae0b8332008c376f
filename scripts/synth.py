#!/usr/bin/env python3
"""Writes made-up reviews in the shape of Goodreads's, as long and as unevenly spread: what the benchmark runs on.

    scripts/synth.py 542338 59347 89311 comics_like.json.gz [SEED]      # rows, users, items: the size of the notebook's comics file

`latent synth` makes data with a planted model for a first run. This one is for timing: popularity falls steeply, lines
have the length of real reviews, and a user picks by planted factors, so that a ranking model finds something.
"""
import argparse
import gzip
import hashlib

import numpy as np

FACTORS, BIAS_STD, NOISE, MEAN = 8, 0.35, 0.75, 3.9
TEXT = 'Some sentences on a book, with \\"quotes\\", a tab \\t and a sign \\u2019 in them. ' * 8


def power_law(count, exponent):
    weights = np.arange(1, count + 1, dtype=float) ** -exponent
    return weights / weights.sum()


def reviews(rows, users, items, seed):
    """-> (user, item, rating), int arrays [rows]: distinct pairs in random order."""
    rng = np.random.default_rng(seed)
    user_share, item_share = power_law(users, 0.8), power_law(items, 0.9)
    user_factors, item_factors = (rng.normal(0, FACTORS**-0.5, (n, FACTORS)).astype("f4") for n in (users, items))
    user_bias, item_bias = rng.normal(0, BIAS_STD, users), rng.normal(0, BIAS_STD, items)
    pairs = np.empty(0, "i8")
    while len(pairs) < rows:
        tries = 2 * rows
        u, i = rng.choice(users, tries, p=user_share), rng.choice(items, tries, p=item_share)
        liking = (user_factors[u] * item_factors[i]).sum(1)
        picked = rng.random(tries) < 1 / (1 + np.exp(1 - 2.5 * liking))
        pairs = np.union1d(pairs, u[picked].astype("i8") * items + i[picked])
    u, i = np.divmod(rng.permutation(pairs)[:rows], items)
    rating = MEAN + user_bias[u] + item_bias[i] + 0.8 * (user_factors[u] * item_factors[i]).sum(1) + rng.normal(0, NOISE, rows)
    return u, i, np.clip(np.rint(rating), 0, 5).astype(int)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("rows", "users", "items"):
        parser.add_argument(name, type=int)
    parser.add_argument("output", help="a name that ends in .json.gz")
    parser.add_argument("seed", type=int, nargs="?", default=0)
    options = parser.parse_args()
    names = [hashlib.md5(b"user %d" % n).hexdigest() for n in range(options.users)]  # 32 hexadecimal digits, as there
    rest = '"date_added": "Wed Dec 09 09:23:58 -0800 2015", "date_updated": "", "read_at": "", "started_at": "", "n_votes": 0, "n_comments": 0'
    with gzip.open(options.output, "wt", compresslevel=6) as out:
        for u, i, rating in zip(*reviews(options.rows, options.users, options.items, options.seed)):
            out.write(f'{{"user_id": "{names[u]}", "book_id": "{1000 + i}", "review_id": "{names[i % options.users]}", "rating": {rating}, '
                      f'"review_text": "{TEXT}", {rest}}}\n')


if __name__ == "__main__":
    main()
