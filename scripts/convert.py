#!/usr/bin/env python3
"""Converts an exported model to a PT2 archive, torch.export's format and the successor of TorchScript in Python.

    python scripts/convert.py MODEL -o m.pt2 [-k 100]

MODEL is a model.pt (format 4) or a .safetensors file; nothing in it is run. The archive has these programs, by index:

    score(users [B], items [B]) -> ratings [B]                 also "model", what torch.export.load takes
    recommend(users [B]) -> (items [B, k], scores [B, k])      without what a user has seen; padded with -1 and -inf
    similar(items [B]) -> (items [B, k], cosines [B, k])       of a model with factors

They give what the TorchScript methods forward, recommend and similar_items give, with the lists' length fixed. The extra
files user_ids and item_ids (JSON) have the ids in the order of the indices, latent.json is the model's own description.
It needs torch and NumPy alone. In Python:

    from torch.export.pt2_archive._package import load_pt2
    archive = load_pt2("m.pt2")
    items, scores = archive.exported_programs["recommend"].module()(torch.tensor([0, 1, 2]))
"""

import argparse
import json
import pathlib
import sys
import zipfile

import numpy as np
import torch
from torch import nn

INFINITY = float("inf")


class Refused(Exception):
    """One line that says what cannot be converted, and why."""


def read_torchscript(path):
    """(description, {name: array}) of a model.pt: its arrays lie in it as they are."""
    with zipfile.ZipFile(path) as file:
        names = [name for name in file.namelist() if name.endswith("/extra/latent.json")]
        if not names:
            raise Refused(f"{path}: not a model exported by latent")
        said = json.loads(file.read(names[0]))
        if "arrays" not in said:
            raise Refused(f"{path}: is of format {said.get('format')}, which does not describe its arrays; export the run again")
        folder = names[0].removesuffix("extra/latent.json")
        return said, {name: array_of(file.read(folder + entry["member"]), entry) for name, entry in said["arrays"].items()}


def read_safetensors(path):
    raw = pathlib.Path(path).read_bytes()
    end = 8 + int.from_bytes(raw[:8], "little")
    try:
        header = json.loads(raw[8:end])
        said = json.loads(header["__metadata__"]["latent"])
    except (ValueError, KeyError, TypeError) as error:
        raise Refused(f"{path}: not a model exported by latent") from error
    arrays = {}
    for name, entry in said["arrays"].items():
        begin, stop = header[name]["data_offsets"]
        arrays[name] = array_of(raw[end + begin : end + stop], entry)
    return said, arrays


def array_of(raw, entry):
    return np.frombuffer(raw, entry["type"]).reshape(entry["shape"])


def read_model(path):
    if not pathlib.Path(path).is_file():
        raise Refused(f"{path}: no such model file")
    return read_torchscript(path) if zipfile.is_zipfile(path) else read_safetensors(path)


def ids_of(arrays, table):
    """The texts of a table of ids; bytes that are no UTF-8 as surrogateescape has them."""
    text, start = arrays[table + ".text"].tobytes(), arrays[table + ".start"].tolist()
    return [text[a:b].decode("utf-8", "surrogateescape") for a, b in zip(start, start[1:])]


class Tables(nn.Module):
    """Arrays of the model, those that a program uses. A term of the score that the model lacks is None."""

    SCORE = ["alpha", "beta_user", "beta_item", "gamma_user", "gamma_item"]

    def __init__(self, said, arrays, names):
        super().__init__()
        self.facts = said["model"]
        self.item_count = len(arrays["item_table.start"]) - 1
        for name in names:
            if name in arrays:
                self.register_buffer(name, torch.from_numpy(arrays[name].copy()))
            else:
                setattr(self, name, None)


def best(scores, k):
    """(columns, scores) of the k best of each row, ties to the lower column; -1 in place of columns of -inf."""
    n = scores.size(1)
    floor = torch.topk(scores, k, 1).values[:, k - 1 :]
    above, ties = scores > floor, scores == floor
    room = k - above.sum(1, keepdim=True)
    chosen = above | (ties & (ties.cumsum(1) <= room))
    # The chosen columns in ascending order: there are exactly k.
    order = torch.arange(n, 0, -1, dtype=torch.int32, device=scores.device).unsqueeze(0)
    columns = torch.topk(torch.where(chosen, order, torch.zeros_like(order)), k, 1).indices
    values, places = torch.sort(torch.gather(scores, 1, columns), dim=1, descending=True, stable=True)
    columns = torch.gather(columns, 1, places)
    return columns.masked_fill(values == -INFINITY, -1), values


class Score(Tables):
    def __init__(self, said, arrays):
        super().__init__(said, arrays, self.SCORE)

    def forward(self, users, items):
        terms = []
        if self.alpha is not None:
            terms.append(self.alpha.expand(users.size(0)))
        if self.beta_user is not None:
            terms.append(self.beta_user[users])
        if self.beta_item is not None:
            terms.append(self.beta_item[items])
        if self.gamma_item is not None:
            terms.append((self.gamma_user[users] * self.gamma_item[items]).sum(-1))
        out = added(terms)
        if "default_prediction" in self.facts:
            out = torch.where(out == 0, torch.full_like(out, self.facts["default_prediction"]), out)
        if "rating_low" in self.facts:
            out = torch.clamp(out, self.facts["rating_low"], self.facts["rating_high"])
        return out


class Recommend(Tables):
    def __init__(self, said, arrays, k):
        super().__init__(said, arrays, [*self.SCORE, "user_rows", "item_rows", "seen_start", "seen_items"])
        self.k = min(k, self.item_count)

    def forward(self, users):
        unknown = (self.user_rows[users] == 0).unsqueeze(1) | (self.item_rows == 0).unsqueeze(0)
        scores = self.score_all(users).masked_fill(unknown, -INFINITY)
        begin = self.seen_start[users]
        counts = self.seen_start[users + 1] - begin
        # A pair (row of the batch, place in seen_items) for each item that somebody of the batch has seen.
        row = torch.repeat_interleave(torch.arange(users.size(0), device=users.device), counts)
        places = torch.arange(row.size(0), device=users.device) + (begin - (counts.cumsum(0) - counts))[row]
        scores = scores.index_put((row, self.seen_items[places].long()), torch.tensor(-INFINITY))
        return best(scores, self.k)

    def score_all(self, users):
        terms = []
        if self.alpha is not None:
            terms.append(self.alpha.expand(users.size(0), self.item_count))
        if self.beta_user is not None:
            terms.append(self.beta_user[users].unsqueeze(1))
        if self.beta_item is not None:
            terms.append(self.beta_item.unsqueeze(0))
        if self.gamma_item is not None:
            terms.append(torch.matmul(self.gamma_user[users], self.gamma_item.t()))
        return added(terms).expand(users.size(0), self.item_count)


class Similar(Tables):
    def __init__(self, said, arrays, k):
        super().__init__(said, arrays, ["gamma_item", "item_rows", *(["beta_item"] if said["model"]["bias_is_a_factor"] else [])])
        self.k = min(k, self.item_count - 1)

    def forward(self, items):
        table = self.gamma_item
        if self.facts["bias_is_a_factor"]:
            table = torch.cat([table, self.beta_item.unsqueeze(1)], 1)
        norms = torch.norm(table, 2, 1).clamp(min=1e-30)
        cosines = torch.matmul(table[items] / norms[items].unsqueeze(1), (table / norms.unsqueeze(1)).t())
        unknown = (self.item_rows[items] == 0).unsqueeze(1) | (self.item_rows == 0).unsqueeze(0)
        cosines = cosines.masked_fill(unknown, -INFINITY).scatter(1, items.unsqueeze(1), -INFINITY)
        return best(cosines, self.k)


def added(terms):
    out = terms[0]
    for term in terms[1:]:
        out = out + term
    return out


def programs_of(said, arrays, k):
    """The exported programs by name, each for any number of rows from 1 on."""
    rows = torch.zeros(3, dtype=torch.int64)  # two inputs are two tensors: one given twice would be taken for one
    count = torch.export.Dim("rows", min=1, max=1 << 20)

    def exported(module, inputs):
        shapes = tuple({0: count} for _ in inputs)
        with torch.inference_mode(False), torch.no_grad():
            return torch.export.export(module.eval(), inputs, dynamic_shapes=shapes)

    programs = {"score": exported(Score(said, arrays), (rows, rows.clone())), "recommend": exported(Recommend(said, arrays, k), (rows,))}
    if "gamma_item" in arrays:
        programs["similar"] = exported(Similar(said, arrays, k), (rows,))
    return {"model": programs["score"], **programs}


def main():
    parser = argparse.ArgumentParser(description="Converts a model exported by latent to a PT2 archive (torch.export).")
    parser.add_argument("model", help="a model.pt or a .safetensors file")
    parser.add_argument("-o", "--output", required=True, help="the .pt2 file to write")
    parser.add_argument("-k", type=int, default=100, help="items in a list (default: 100)")
    asked = parser.parse_args()
    if asked.k < 1:
        parser.error("-k must be at least 1")
    try:
        said, arrays = read_model(asked.model)
    except Refused as refused:
        sys.exit(str(refused))
    from torch.export.pt2_archive._package import package_pt2

    extra = {"latent.json": json.dumps(said), "user_ids": json.dumps(ids_of(arrays, "user_table")),
             "item_ids": json.dumps(ids_of(arrays, "item_table"))}  # fmt: skip
    package_pt2(asked.output, exported_programs=programs_of(said, arrays, asked.k), extra_files=extra)
    print(f"wrote {asked.output}")


if __name__ == "__main__":
    main()
