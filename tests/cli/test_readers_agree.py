#!/usr/bin/env python3
"""20,000 generated records come out of the reader as Python's json, ast.literal_eval and csv read them: ids with quotes, escapes,
line ends and all of Unicode, numbers in every notation."""
import ast
import csv
import io
import json
import random
import struct
import unittest

import support

PIECES = ["a", "b", "Z", "0", "7", " ", "  ", "'", '"', "''", '""', "\\", "\\\\", "\\n", "/", "{", "}", "[", "]", "(", ",", ":", ";", "|", "#", "%", "\t", "\x01", "\x7f",
          "é", "ß", "Я", "張", "🙂", "\u2028", "\ufeff", "u1", "NaN", "None", "null", "//", "${x}"]
CONTROL = ["\n", "\r", "\b", "\f", "\v", "\x00"]
NUMBERS = ["0", "-0", "1", "4.5", "-2.25", "1e3", "1E+2", "2.5e-3", "0.1", "123456789", "3.4e38", "1e-40", "16777217", "0.30000000000000004", "5e-324"]


def as_float32(value):
    return struct.unpack("f", struct.pack("f", value))[0]


def text_of(draw, control=()):
    pieces = PIECES + list(control)
    return "".join(draw.choice(pieces) for _ in range(draw.randint(1, 9)))


def item_id(draw, control=()):
    """An id that is one: neither empty nor of blanks alone."""
    while True:
        out = text_of(draw, control)
        if out.strip(" \t"):
            return out


class ReadersAgree(support.Case):
    def check(self, text, expected, *sets):
        """`expected`: user -> (item, rating) as Python reads it; every user has one row."""
        (self.dir / "data").write_bytes(text)
        support.write_config(self.dir / "c.json", data="data")
        self.latent("split", "c.json", "-o", "parts", "--overwrite", *support.set_options(["split.test=0.001", "split.valid=0.001", "data.cache_dir=none", *sets]))
        found = {}
        for part in ("train", "valid", "test"):
            with open(self.dir / "parts" / f"{part}.csv", encoding="utf-8", newline="") as file:
                for row in csv.DictReader(file):
                    self.assertNotIn(row["user"], found)
                    found[row["user"]] = (row["item"], as_float32(float(row["rating"])))
        self.assertEqual(len(found), len(expected))
        wrong = {user: (found.get(user), row) for user, row in expected.items() if found.get(user) != row}
        self.assertEqual(dict(list(wrong.items())[:5]), {})

    def test_json(self):
        draw = random.Random(1)
        lines, expected = [], {}
        for n in range(7000):
            item = item_id(draw, [c for c in CONTROL if c != "\x00"])
            extra = {text_of(draw): draw.choice([None, True, -1.5e-7, [1, {"user": "no"}], {"item": "no", "x": [[]]}, text_of(draw, CONTROL)]) for _ in range(draw.randint(0, 3))}
            record = {**extra, "user": f"u{n}", "item": item, "rating": 0}
            if draw.random() < 0.5:
                record = dict(draw.sample(list(record.items()), len(record)))
            line = json.dumps(record, ensure_ascii=draw.random() < 0.5, separators=draw.choice([(",", ":"), (", ", ": "), (" ,\t", " :  ")]))
            number = draw.choice(NUMBERS)
            line = line.replace('"rating": 0', f'"rating": {number}').replace('"rating":0', f'"rating":{number}').replace('"rating" :  0', f'"rating" :  {number}')
            if draw.random() < 0.2:
                line = line.replace("/", "\\/")
            twin = json.loads(line)
            lines.append(line)
            expected[twin["user"]] = (twin["item"], as_float32(twin["rating"]))
        self.check("\n".join(lines).encode(), expected, "data.format=json", "data.user=user", "data.item=item", "data.rating=rating")

    def python_string(self, draw, text):
        """One of the ways to write it."""
        way = draw.randrange(4)
        if way == 0:
            return repr(text)
        if way == 1:
            return ascii(text)
        quote = draw.choice("'\"")
        out = ""
        for c in text:
            code = ord(c)
            ways = [c] if c not in ("\\", quote) and c >= " " and c != "\x7f" else []
            ways += [f"\\U{code:08x}"] + ([f"\\u{code:04x}"] if code < 0x10000 else []) + ([f"\\x{code:02x}", f"\\{code:03o}"] if code < 0x100 else [])
            if c in ("'", '"', "\\"):
                ways.append("\\" + c)
            out += draw.choice(ways)
        return draw.choice(["", "u", "U"]) + quote + out + quote

    def test_python_dicts(self):
        draw = random.Random(2)
        lines, expected = [], {}
        for n in range(7000):
            parts = [("user", self.python_string(draw, f"u{n}")), ("item", self.python_string(draw, item_id(draw, [c for c in CONTROL if c != "\x00"]))),
                     ("rating", draw.choice(["", "+", "-"]) + draw.choice(NUMBERS + ["7.", ".5", "1_0"[:1]]).lstrip("-"))]
            for _ in range(draw.randint(0, 3)):
                parts.append((f"x{draw.randrange(1000)}", draw.choice(["None", "True", "False", "()", "(1,)", "[1, 2, ]", "{'user': 'no', }", "{'a': [(1, 2), {}]}", self.python_string(draw, text_of(draw, CONTROL))])))
            draw.shuffle(parts)
            parts = list(dict(parts).items())
            comma, colon = draw.choice([(",", ":"), (", ", ": "), (" ,\t", " :")])
            line = "{" + comma.join(self.python_string(draw, key) + colon + value for key, value in parts) + draw.choice(["", ",", ", "]) + "}"
            twin = ast.literal_eval(line)
            lines.append(line)
            expected[twin["user"]] = (twin["item"], as_float32(twin["rating"]))
        self.check("\n".join(lines).encode(), expected, "data.format=pydict", "data.user=user", "data.item=item", "data.rating=rating")

    def test_csv(self):
        for seed, delimiter in enumerate(",;"):
            draw = random.Random(3 + seed)
            out = io.StringIO()
            minimal, everything = (csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator="\n") for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_ALL))
            minimal.writerow(["user", "item", "rating", "note"])
            for n in range(3000):
                item = item_id(draw, ["\n", "\n\n", ",", ";"])
                # Blanks around a field without quotes are no part of it here.
                writer = draw.choice([minimal, everything]) if item == item.strip(" \t") else everything
                writer.writerow([f"u{n}", item, draw.choice(NUMBERS), text_of(draw, ["\n", '"\n"'])])
            text = out.getvalue()
            expected = {row["user"]: (row["item"], as_float32(float(row["rating"]))) for row in csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)}
            self.assertEqual(len(expected), 3000)
            self.check(text.encode(), expected, f"data.separator={delimiter}", "data.format=csv", "data.user=user", "data.item=item", "data.rating=rating")


if __name__ == "__main__":
    unittest.main()
