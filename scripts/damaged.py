"""Ways to damage a model file, for damage_models.py. Some leave it inconsistent; forgeries repair every checksum, so that what lies deeper is reached."""

import io
import json
import random
import struct
import warnings
import zipfile
import zlib

BLOCK = 1 << 18  # bytes that share a checksum
WIDTHS = {"float32": "f", "float64": "d", "int32": "i", "int64": "q", "uint8": "B"}
MANIFEST = "extra/latent.json"


class Parts:
    """A model file taken apart: its description, its arrays, and whatever else it holds."""

    def __init__(self, whole):
        self.zipped = whole[:2] == b"PK"
        if self.zipped:
            archive = zipfile.ZipFile(io.BytesIO(whole))
            self.members = {name: archive.read(name) for name in archive.namelist()}
            self.root = next(name for name in self.members if name.endswith(MANIFEST))[: -len(MANIFEST)]
            self.manifest = json.loads(self.members[self.root + MANIFEST])
        else:
            at = 8 + struct.unpack("<Q", whole[:8])[0]
            self.header = json.loads(whole[8:at])
            self.manifest = json.loads(self.header.pop("__metadata__")["latent"])
            self.root = ""
            self.members = {name: whole[at + one["data_offsets"][0]:at + one["data_offsets"][1]] for name, one in self.header.items()}

    def key(self, name):
        return self.root + self.manifest["arrays"][name]["member"]

    def repair(self, name):
        data = self.members[self.key(name)]
        self.manifest["arrays"][name]["crc32"] = "".join(f"{zlib.crc32(data[at:at + BLOCK]):08x}" for at in range(0, len(data), BLOCK))

    def bytes(self):
        text = json.dumps(self.manifest).encode()
        if self.zipped:
            out = io.BytesIO()
            with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
                for name, data in self.members.items():
                    archive.writestr(name, text if name == self.root + MANIFEST else data)
            return out.getvalue()
        at, header = 0, {"__metadata__": {"latent": text.decode(), "latent_crc32": f"{zlib.crc32(text):08x}"}}
        for name, data in self.members.items():
            header[name] = {**self.header[name], "data_offsets": [at, at + len(data)]}
            at += len(data)
        head = json.dumps(header).encode()
        head += b" " * (-len(head) % 8)
        return struct.pack("<Q", len(head)) + head + b"".join(self.members.values())


# --- without repair: bytes in, bytes out; None: this file has no such thing


def flipped(whole, rng):
    out = bytearray(whole)
    for _ in range(rng.choice([1, 1, 1, 2, 8])):
        out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
    return bytes(out)


def cut(whole, rng):
    return whole[:rng.choice([rng.randrange(len(whole)), rng.randrange(min(200, len(whole))), len(whole) - 1 - rng.randrange(100)])]


def overwritten(whole, rng):
    at, size = rng.randrange(len(whole)), rng.randrange(1, 5000)
    size = min(size, len(whole) - at)
    other = rng.choice([bytes(size), b"\xff" * size, rng.randbytes(size), whole[:size]])
    return whole[:at] + other[:size] + whole[at + size:]


def moved(whole, rng):
    """Bytes taken out, or more put in."""
    at, size = rng.randrange(len(whole)), rng.randrange(1, 300)
    return whole[:at] + (whole[at + size:] if rng.random() < .5 else rng.randbytes(size) + whole[at:])


def entries(whole):
    """(place, name, place of its local header) of each entry of a zip's table of contents."""
    at = struct.unpack("<I", whole[-6:-2])[0]
    out = []
    while whole[at:at + 4] == b"PK\1\2":
        name, extra, comment = struct.unpack("<HHH", whole[at + 28:at + 34])
        out.append((at, whole[at + 46:at + 46 + name], struct.unpack("<I", whole[at + 42:at + 46])[0]))
        at += 46 + name + extra + comment
    return out


def renamed(whole, names):
    """`names` {old: new} of the same lengths, in the table of contents and in the headers."""
    out = bytearray(whole)
    for at, name, local in entries(whole):
        if name in names:
            out[at + 46:at + 46 + len(name)] = names[name]
            out[local + 30:local + 30 + len(name)] = names[name]
    return bytes(out)


def swapped(whole, rng):
    """Two arrays of one length change places."""
    if whole[:2] == b"PK":
        sizes = {}
        for at, name, _ in entries(whole):
            if b"/data/" in name:
                sizes.setdefault((struct.unpack("<I", whole[at + 24:at + 28])[0], len(name)), []).append(name)
        pairs = [some for some in sizes.values() if len(some) > 1]
        if not pairs:
            return None
        a, b = rng.sample(rng.choice(pairs), 2)
        return renamed(whole, {a: b, b: a})
    parts = Parts(whole)
    names = list(parts.members)
    sizes = [[a, b] for a in names for b in names if a < b and len(parts.members[a]) == len(parts.members[b])]
    if not sizes:
        return None
    a, b = rng.choice(sizes)
    parts.members[a], parts.members[b] = parts.members[b], parts.members[a]
    return parts.bytes()


def lied(whole, rng):
    """A size, a place or a number that is another one."""
    strange = rng.choice([0, 1, 7, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, rng.randrange(2**32)])
    out = bytearray(whole)
    if whole[:2] == b"PK":
        at, _, local = rng.choice(entries(whole))
        field = rng.choice([(at + 8, 2), (at + 10, 2), (at + 16, 4), (at + 20, 4), (at + 24, 4), (at + 28, 2), (at + 30, 2), (at + 32, 2), (at + 42, 4),
                            (local + 26, 2), (local + 28, 2), (local, 4), (len(out) - 12, 2), (len(out) - 10, 4), (len(out) - 6, 4), (len(out) - 2, 2)])
    else:
        field = (rng.randrange(8), 1)
        if rng.random() < .7:  # a digit of the header
            digits = [n for n in range(8, 8 + struct.unpack("<Q", whole[:8])[0]) if whole[n:n + 1].isdigit()]
            out[rng.choice(digits)] = ord("0") + rng.randrange(10)
            return bytes(out)
    out[field[0]:field[0] + field[1]] = (strange % 256 ** field[1]).to_bytes(field[1], "little")
    return bytes(out)


def misnamed(whole, rng):
    """A member whose name leads out of the file, stands there twice or is none."""
    if whole[:2] != b"PK":
        return None
    _, name, _ = rng.choice([one for one in entries(whole) if b"/data/" in one[1] or one[1].endswith(b".json")] or entries(whole))
    kind = rng.randrange(4)
    if kind == 0:
        return renamed(whole, {name: (b"../" * len(name))[:len(name)]})
    if kind == 1:
        return renamed(whole, {name: b"\0" * len(name)})
    if kind == 2:
        return renamed(whole, {name: b"/" + name[1:]})
    out = io.BytesIO(whole)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that there are two of one name
        with zipfile.ZipFile(out, "a") as archive:
            archive.writestr(name.decode(), rng.choice([b"", archive.read(name.decode()), b"{}"]))
    return out.getvalue()


# --- forgeries: bytes in, bytes out, checksums repaired


def forged_values(whole, rng):
    """Numbers of an array become strange ones."""
    parts = Parts(whole)
    name = rng.choice([name for name in parts.manifest["arrays"] if parts.members[parts.key(name)]])
    kind = WIDTHS[parts.manifest["arrays"][name]["type"]]
    data = bytearray(parts.members[parts.key(name)])
    width = struct.calcsize(kind)
    strange = {"f": [float("nan"), float("inf"), -3e38, 1e-42, 0.0], "d": [float("nan"), 1e300], "B": [0, 255, 128]}.get(
        kind, [-1, -2**31, 2**31 - 1, 0, 1, len(data) // width, len(data) // width + 1] + [2**40, -2**62] * (kind == "q"))
    for _ in range(rng.choice([1, 1, 3, 50])):
        at = width * rng.randrange(len(data) // width)
        data[at:at + width] = struct.pack("<" + kind, rng.choice(strange))
    parts.members[parts.key(name)] = bytes(data)
    parts.repair(name)
    return parts.bytes()


def forged_lengths(whole, rng):
    """An array is longer or shorter, and its description says so, or doesn't."""
    parts = Parts(whole)
    name = rng.choice(list(parts.manifest["arrays"]))
    said, key = parts.manifest["arrays"][name], parts.key(name)
    width = struct.calcsize(WIDTHS[said["type"]])
    rows = len(parts.members[key]) // width
    new = rng.choice([0, 1, rows - 1, rows + 1, rows // 2, 2 * rows])
    parts.members[key] = (parts.members[key] * 3)[:max(0, new) * width]
    if rng.random() < .7:
        said["shape"] = rng.choice([[max(0, new)], [max(0, new), 1], [1, max(0, new)], [max(0, new) // 4, 4]])
    parts.repair(name)
    return parts.bytes()


def forged_description(whole, rng):
    """Something in the description is gone, or is something else."""
    parts = Parts(whole)
    for _ in range(rng.choice([1, 1, 2])):
        at = parts.manifest
        while True:
            key = rng.choice(["model", "arrays", "fold_in", "format"] if at is parts.manifest else list(at) if isinstance(at, dict) else range(len(at)))
            if at is parts.manifest and key not in at:
                break
            inside = at[key]
            if isinstance(inside, (dict, list)) and inside and rng.random() < .85:
                at = inside
                continue
            junk = [None, True, -1, 0, 2**31, 2**62, 2**64 - 1, -2**63, 1e308, "", "x" * 1000, [], {}, [[[]]], "data/0", "float32", "least_squares", "loss", "draws", "sum"]
            if rng.random() < .2 and isinstance(at, dict):
                del at[key]
            else:
                at[key] = rng.choice(junk)
            break
    return parts.bytes()


def forged_places(whole, rng):
    """Arrays say that they are each other's bytes, or those of another type."""
    parts = Parts(whole)
    arrays = parts.manifest["arrays"]
    a, b = rng.sample(list(arrays), 2)
    if rng.random() < .5:
        arrays[a]["member"] = arrays[b]["member"]
        if rng.random() < .5:
            arrays[a] = {**arrays[b]}
    else:
        arrays[a]["type"] = rng.choice(list(WIDTHS))
        if rng.random() < .5 and arrays[a]["shape"]:
            width = struct.calcsize(WIDTHS[arrays[a]["type"]])
            arrays[a]["shape"] = [len(parts.members[parts.key(a)]) // width]
    return parts.bytes()


PLAIN = [flipped, cut, overwritten, moved, swapped, lied, misnamed]
FORGED = [forged_values, forged_lengths, forged_description, forged_places]


def damaged(whole, n, seed=1):
    """(name of the way, whether it is a forgery, bytes) of the n-th damage."""
    rng = random.Random(f"{seed}.{n}")
    while True:
        way = (PLAIN + FORGED)[n % (len(PLAIN) + len(FORGED))]
        has_manifest = b"latent" in whole  # an npz has none to forge
        out = way(whole, rng) if way in PLAIN or has_manifest else None
        if out is None:
            way, out = flipped, flipped(whole, rng)
        if out != whole:
            return way.__name__, way in FORGED, out
