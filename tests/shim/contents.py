"""What the files of a folder hold, apart from times: two undisturbed runs of a command leave the same, and a file that is not whole is an error."""

import io
import json
import pathlib
import re
import shutil
import sqlite3
import struct
import tempfile
import zipfile
import zlib

TIMES = ("seconds", "samples_per_second", "peak_memory_bytes", "list_milliseconds", "began", "ended", "datetime")
TEMPORARY = re.compile(r"\.tmp-[0-9a-f]{16}$|\.new-[0-9a-f]{16}$|-journal$")

OLDER = b"older"  # what stands where an output is to be replaced


class Damaged(Exception):
    """A file under its own name that is not whole."""


def timeless(value):
    """`value` without times."""
    if isinstance(value, dict):
        return {key: timeless(each) for key, each in value.items() if not any(time in key for time in TIMES)}
    return [timeless(each) for each in value] if isinstance(value, list) else value


def sections(raw):
    """A checkpoint or a cache: its header, and the rest as it is."""
    size = struct.unpack("<Q", raw[8:16])[0]
    if zlib.crc32(raw[:-4]) != struct.unpack("<I", raw[-4:])[0]:
        raise ValueError("its checksum is another")
    return timeless(json.loads(raw[16 : 16 + size])), raw[16 + size : -4]


def archive(raw):
    """A zip's members. What a model says of its training holds times."""
    with zipfile.ZipFile(io.BytesIO(raw)) as file:
        if file.testzip() is not None:
            raise ValueError("a member is damaged")
        members = {name.split("/", 1)[-1]: file.read(name) for name in file.namelist() if not name.endswith("serialization_id")}
    for name, content in members.items():
        if name.endswith(".json"):
            members[name] = timeless_text(json.loads(content))
    return members


def timeless_text(value):
    """Texts that are JSON themselves are looked into; checksums of what has times in it are left out."""
    if isinstance(value, str) and value[:1] == "{":
        return timeless_text(json.loads(value))
    if isinstance(value, dict):
        return {key: timeless_text(each) for key, each in timeless(value).items() if key not in ("crc32", "manifest_crc32")}
    return [timeless_text(each) for each in value] if isinstance(value, list) else value


def safetensors(raw):
    size = struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8 : 8 + size])
    ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
    if len(raw) != 8 + size + max(ends):
        raise ValueError("it is cut off")
    return timeless_text(header), raw[8 + size :]


def database(path):
    """A copy, since opening rolls back what a killed process had begun."""
    out = {}
    with tempfile.TemporaryDirectory() as folder:
        for each in path.parent.glob(path.name + "*"):
            shutil.copy(each, folder)
        file = sqlite3.connect(pathlib.Path(folder) / path.name)
        try:
            if file.execute("PRAGMA integrity_check").fetchone() != ("ok",):
                raise ValueError("its integrity is gone")
            for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                at = file.execute(f"SELECT * FROM {name}")
                names = [column[0] for column in at.description]
                rows = [dict(zip(names, row)) for row in at]
                for row in rows:
                    row.pop("sum", None)  # a checksum of times too
                out[name] = sorted(repr(timeless_text(row)) for row in rows)
        finally:
            file.close()
    return out


def lines(raw, torn):
    """JSON lines; `torn`: the last may be cut off."""
    out = []
    rows = raw.split(b"\n")
    for n, row in enumerate(rows[:-1] if rows[-1] == b"" else rows):
        try:
            out.append(timeless(json.loads(row)))
        except ValueError:
            if not torn or n + 1 < len(rows):
                raise
    return out


def content(path, torn=False):
    """What the file says. Throws Damaged where it is not whole; `torn`: a line that was being appended may be cut off."""
    raw = path.read_bytes()
    if raw == OLDER:
        return raw
    try:
        if path.suffix in (".ckpt", ".cache"):
            return sections(raw)
        if path.suffix in (".pt", ".npz"):
            return archive(raw)
        if path.suffix == ".safetensors":
            return safetensors(raw)
        if path.suffix == ".sqlite":
            return database(path)
        if path.suffix in (".jsonl", ".journal"):
            return lines(raw, torn)
        if path.suffix == ".json":
            return timeless(json.loads(raw))
        if ".tfevents." in path.name:
            return "events"  # its records bear the time of each
        if path.suffix == ".html":
            return re.sub(rb"[0-9.]+ (s|ms|MB|GB)\b", b"", raw)
    except (ValueError, KeyError, struct.error, zipfile.BadZipFile, sqlite3.Error, zlib.error) as why:
        raise Damaged(f"{path}: {why}") from why
    return raw


def contents(folder, torn=False, apart=()):
    """{name: content} of all files below `folder`; event files count once a folder. Names with one of `apart` in them are left out."""
    out = {}
    for path in sorted(pathlib.Path(folder).rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_dir() or any(each in name for each in apart):
            continue
        if TEMPORARY.search(path.name) or "-journal" in path.name:
            continue
        name = re.sub(r"tfevents\..*", "tfevents", name)
        out[name] = content(path, torn)
    return out


def left_over(folder):
    """Temporary files and folders."""
    return sorted(str(path.relative_to(folder)) for path in pathlib.Path(folder).rglob("*") if TEMPORARY.search(path.name))
