#!/usr/bin/env python3
"""Writes tests/golden/statistics.json: what SciPy and statsmodels say of made-up paired differences.

    python3 -m venv /tmp/goldens && /tmp/goldens/bin/pip install numpy scipy statsmodels
    /tmp/goldens/bin/python scripts/make_statistics_goldens.py
"""

import json
import pathlib
import warnings

import numpy as np
import scipy
import scipy.stats
import statsmodels
from statsmodels.stats.multitest import multipletests

GOLDEN = pathlib.Path(__file__).resolve().parents[1] / "tests/golden/statistics.json"


def differences(rng):
    """{what they are like: values}"""
    return {
        "no ties": rng.normal(0.1, 1, 60),
        "a few": rng.normal(0.4, 1, 9),
        "ties": rng.integers(-3, 5, 80) / 4,
        "ties without zeros": rng.choice([-2, -1, 1, 1, 2, 3], 50) / 8,
        "mostly zeros": rng.choice([0, 0, 0, 0, 0, 0.5, -0.25, 1], 400),
        "one that is not zero": np.r_[np.zeros(30), 0.5],
        "all above": np.abs(rng.normal(0, 1, 40)),
        "all the same": np.full(12, -0.125),
        "many": np.round(rng.standard_t(3, 400), 3) + 0.05,
    }


def signed_rank(values):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of few values
        p = scipy.stats.wilcoxon(values, zero_method="pratt", correction=False, method="approx").pvalue
    ranks = scipy.stats.rankdata(np.abs(values))
    balance = ranks[values > 0].sum() - ranks[values < 0].sum()
    return {"values": values.tolist(), "p": float(p), "rank_biserial": float(balance / ranks.sum())}


def main():
    rng = np.random.default_rng(20)
    families = [[0.01, 0.04, 0.03, 0.005], [0.5], [0.9, 0.8, 0.7], [0.02, 0.02, 0.02], [1e-12, 0.3, 0.049, 0.2, 0.001]]
    golden = {
        "made by": f"scipy {scipy.__version__}, statsmodels {statsmodels.__version__}",
        "signed_rank": {name: signed_rank(values) for name, values in differences(rng).items()},
        "holm": [{"p": p, "adjusted": multipletests(p, method="holm")[1].tolist()} for p in families],
        "student_t_975": {str(df): float(scipy.stats.t.ppf(0.975, df)) for df in (1, 2, 3, 7, 10, 11, 14, 30, 100, 5000)},
    }
    GOLDEN.write_text(json.dumps(golden) + "\n")
    print(f"wrote {GOLDEN}")


if __name__ == "__main__":
    main()
