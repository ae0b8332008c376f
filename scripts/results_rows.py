"""The rows of docs/results.md: what was published, where, and which config answers it. See results.py."""

SECTIONS = [
    {"name": "ml-100k", "title": "MovieLens 100k, 5 folds", "figures": "RMSE / MAE",
     "text": "Published: Surprise's README (5-fold cross-validation)."},
    {"name": "ml-1m", "title": "MovieLens 1M, ratings of 3 and more as lists", "figures": "recall@10 / ndcg@10",
     "text": "Published: the supplement of LightGCN++ (RecSys 2024), tables 9 and 10, 64 columns; all items are ranked and the training part alone is masked,\n"
             "so validation items stand among the candidates. In brackets behind ours: with train and valid masked."},
    {"name": "lastfm", "title": "HetRec 2011 Last.fm as lists", "figures": "recall@10 / ndcg@10",
     "text": "Published: the same, and the same masking."},
    {"name": "goodbooks", "title": "goodbooks-10k, ratings of 4 and 5", "figures": "recall@20 / ndcg@20",
     "text": "A split of our own: 10 % test, 5 % validation, seed 0, both masked; no paper has it. The figures to compare with are those of NumPy's EASE and\n"
             "of iALS on a split of the same shares. That of EASE is of training on train and valid: EASE in NumPy on our parts comes to .345 / .240 so, and to .335 / .232, as ours does, on train alone."},
    {"name": "goodreads", "title": "200,000 ratings of Goodreads, 0 to 5", "figures": "mse / baseline_mse", "text":
     "Of a tenth held out, `split.seed` and `train.seed` 0 to 5, paired: `scripts/against_myfm.py configs/published/goodreads_bias_only.json` (penalties chosen on validation parts of seeds 0, 3 and 5) has\n"
     "mse 1.0813, .7321 of the mean's; myFM 0.4.0 of rank 0 on the same parts 1.0818; the difference is -.0005 ± .0001 (standard error), below 0 for each of the six. Factors add nothing: the bare\n"
     "`latent_factor` within the scale has 1.0830 (with its former penalties of 2.5, 9 and 14 rows), `bayesian_mf` of one factor 1.0701 for seed 0 and of ten 1.086, where biases alone have 1.068. With one group for biases and factors,\n"
     "as in the paper, one factor had 1.099, and 1.132 after 800 passes: ratings of 0 are no rating, and normal noise has no place for them."},
]

_RATING = ["rmse", "mae"]
_LISTS = ["recall@10", "ndcg@10", "both recall@10", "both ndcg@10"]


def _row(section, name, what, published, why, figures, **more):
    return {"section": section, "name": f"{section} {name}", "what": what, "published": published, "why": why, "figures": figures,
            "config": more.pop("config"), **more}


ROWS = [
    _row("ml-100k", "svd", "`svd` (Surprise's SVD)", [0.934, 0.737], "the same algorithm; folds are drawn anew", _RATING, config="ml100k_svd", folds=True,
         digits=3),
    _row("ml-100k", "baseline", "`baseline` (BaselineOnly)", [0.944, 0.748], "the same algorithm; folds are drawn anew", _RATING,
         config="ml100k_baseline", folds=True, digits=3),
    _row("ml-100k", "svdpp", "`svdpp` (SVD++)", [0.92, 0.722], "the same algorithm; folds are drawn anew", _RATING, config="ml100k_svdpp", folds=True,
         digits=3),
    _row("ml-100k", "bayesian_mf", "`bayesian_mf`, 10 factors", [0.897, 0.702], "published: myFM on other random folds", _RATING,
         config="ml100k_bayesian_mf", folds=True, digits=3),
    _row("ml-100k", "bayesian_mf sets", "`bayesian_mf` with both implicit sets", [0.886, 0.695], "published: myFM, the error on 2 folds", _RATING,
         config="ml100k_bayesian_mf_sets", folds=True, digits=3),
    _row("ml-100k", "item_mean", "`item_mean`", None, "what a model should beat", _RATING, config="ml100k_item_mean", folds=True, digits=3),
]
for _section, _key, _bpr in (("ml-1m", "ml1m", [0.1291, 0.2677]), ("lastfm", "lastfm", [0.1361, 0.1532])):
    _ease = [0.165, 0.327] if _key == "ml1m" else None
    ROWS += [
        _row(_section, "popularity", "`popularity`", None, "what a model should beat", _LISTS, config=f"{_key}_popularity"),
        _row(_section, "item_knn", "`item_knn`", None, "defaults", _LISTS, config=f"{_key}_item_knn"),
        _row(_section, "bpr", "`implicit_bpr` (BPRMF)", _bpr,
             "implicit's BPR draws negatives as often as items occur, the paper's all items alike: what is popular is pushed down", _LISTS, config=f"{_key}_bpr"),
        _row(_section, "ease", "`ease`", _ease, "published: NumPy's EASE on this file" if _ease else "no published figure", _LISTS,
             config=f"{_key}_ease"),
        _row(_section, "ials64", "`ials`, d = 64", None, "the paper has no iALS; compare with LightGCN++ below", _LISTS, config=f"{_key}_ials64"),
        _row(_section, "ials256", "`ials`, d = 256", None, "four times the paper's columns", _LISTS, config="ml1m_ials256") if _key == "ml1m" else
        _row(_section, "ials512", "`ials`, d = 512", None, "constants by a sweep on the validation part", _LISTS, config="lastfm_ials512"),
        _row(_section, "ials128", "`ials`, d = 128", None, "twice the paper's columns", _LISTS, config=f"{_key}_ials128"),
    ]
ROWS.append(_row("lastfm", "mf64", "`mf`, sampled softmax, d = 64", None, "constants by a sweep on the validation part", _LISTS, config="lastfm_mf64"))
for _name, _published in (("popularity", None), ("item_knn", None), ("ease", [0.345, 0.240]), ("ials64", [0.251, 0.141]), ("ials256", [0.327, 0.206]), ("ials512", None), ("mf128", None)):
    ROWS.append(_row("goodbooks", _name, f"`{_name}`" if not _name[-1].isdigit() else f"`ials`, d = {_name[4:]}" if "ials" in _name else "`mf`, sampled softmax, d = 128", _published,
                     "measured before" if _published else "what a model should beat", ["recall@20", "ndcg@20"], config=f"goodbooks_{_name}"))

UNMATCHED = [
    {"section": "ml-100k", "what": "KNNBaseline", "published": "0.931 / 0.733", "why": "no neighbourhood model of ratings"},
    {"section": "ml-1m", "what": "NeuMF", "published": "0.1345 / 0.2707", "why": "a neural score is no dot product; `ials` of as many columns is above it"},
    {"section": "ml-1m", "what": "LightGCN", "published": "0.1495 / 0.2977", "why": "a graph network; `ials` of as many columns is above it"},
    {"section": "ml-1m", "what": "LightGCN++", "published": "0.1667 / 0.3243", "why": "a graph network; `ials` of as many columns is level with it"},
    {"section": "lastfm", "what": "NeuMF", "published": "0.1498 / 0.1688", "why": "a neural score is no dot product; `ials` of as many columns is above it"},
    {"section": "lastfm", "what": "LightGCN", "published": "0.1741 / 0.1996", "why": "a graph network; `ials` of as many columns is above it"},
    {"section": "lastfm", "what": "LightGCN++", "published": "0.1889 / 0.2171", "why": "a graph network; `ials` of as many columns is level with it"},
]
