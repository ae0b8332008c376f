#!/usr/bin/env python3
"""Answers from an exported model; an example of a client. It needs torch alone, and the model file alone.

    python scripts/use_model.py MODEL recommend USER [-k 10] [--include-seen]
    python scripts/use_model.py MODEL similar ITEM [-k 10]
    python scripts/use_model.py MODEL predict USER ITEM
"""

import argparse
import sys
import warnings

import torch


def arguments():
    parser = argparse.ArgumentParser(description="Answers from a model exported by latent.")
    parser.add_argument("model", help="a model.pt")
    commands = parser.add_subparsers(dest="command", required=True)
    recommend = commands.add_parser("recommend", help="the best items for a user, score and id")
    recommend.add_argument("user")
    recommend.add_argument("-k", type=int, default=10, help="how many (default: 10)")
    recommend.add_argument("--include-seen", action="store_true", help="also items of train and valid")
    similar = commands.add_parser("similar", help="the items most like an item, cosine and id")
    similar.add_argument("item")
    similar.add_argument("-k", type=int, default=10, help="how many (default: 10)")
    predict = commands.add_parser("predict", help="the score of a user and an item")
    predict.add_argument("user")
    predict.add_argument("item")
    return parser.parse_args()


def load(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # torch.jit's own
        try:
            model = torch.jit.load(path, map_location="cpu")
        except (RuntimeError, ValueError, OSError):
            sys.exit(f"{path}: cannot be loaded; is it the model.pt of a run?")
    if not hasattr(model, "recommend_id"):
        sys.exit(f"{path}: not a model exported by latent")
    return model


def answer(model, asked):
    """What the model says, as lines of text."""
    if asked.command == "predict":
        return [f"{model.predict_id(asked.user, asked.item):.6g}"]
    if asked.command == "similar":
        scored = model.similar_items_id(asked.item, asked.k)
    else:
        scored = model.recommend_id(asked.user, asked.k, not asked.include_seen)
    return [f"{score:10.5f}  {item}" for item, score in scored]


def main():
    asked = arguments()
    model = load(asked.model)
    try:
        with torch.inference_mode():
            lines = answer(model, asked)
    except torch.jit.Error as error:
        # TorchScript tells where in its code; the last line says what, such as "unknown user 'x'".
        sys.exit(f"{asked.model}: {str(error).strip().splitlines()[-1].removeprefix('RuntimeError: AssertionError: ')}")
    if lines:
        print("\n".join(lines))


if __name__ == "__main__":
    main()
