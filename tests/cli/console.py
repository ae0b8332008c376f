"""Documents as tests: the commands of their console blocks, the files that they show, and how outputs are compared."""

import re

TOLERANCE = 0.005  # of a figure: another processor rounds otherwise, another method is further off
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
TIME = re.compile(r"-?\d+(?:\.\d+)?(?= (?:ms|s|min|h|[kM]?/s|[kM] samples/s)\b)|(?<=_seconds) .*")

COMMAND = re.compile(r"^\$ (.*)\n((?:(?!\$ |```).*\n)*)", re.MULTILINE)


def console_commands(text):
    """[(command, output)] of the ```console blocks: a command begins with "$ ", its output ends at the next."""
    return [found for block in re.findall(r"^```console\n(.*?)^```$", text, re.MULTILINE | re.DOTALL) for found in COMMAND.findall(block)]


def shown_files(text):
    """{name: contents} of the blocks that stand below a line which ends in "`name`:"."""
    return dict(re.findall(r"`([^`\n]+)`:\n\n```\w+\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))


def difference(expected, found):
    """What is wrong with `found`, or "": text exactly, whole numbers too, decimals to TOLERANCE, times not at all."""
    old, new = expected.rstrip().split("\n"), found.rstrip().split("\n")
    if len(old) != len(new):
        return f"{len(new)} lines in place of {len(old)}"
    for was, now in zip(old, new):
        if TIME.sub("T", was) == TIME.sub("T", now):
            continue
        was_numbers, now_numbers = NUMBER.findall(TIME.sub("T", was)), NUMBER.findall(TIME.sub("T", now))
        text_differs = NUMBER.sub("", TIME.sub("T", was)) != NUMBER.sub("", TIME.sub("T", now))
        if text_differs or len(was_numbers) != len(now_numbers):
            return f"expected {was!r}, found {now!r}"
        for a, b in zip(was_numbers, now_numbers):
            whole = "." not in a and "." not in b
            if a != b and (whole or abs(float(a) - float(b)) > TOLERANCE * max(abs(float(a)), 1)):
                return f"expected {a} in {was!r}, found {b}"
    return ""
