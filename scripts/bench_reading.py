"""bench.py's rows on reading data files."""
import subprocess
import time
import zlib


def inflate_seconds(bench, path):
    """-> what zlib alone needs to inflate a gz file, in pieces of 1 MB."""
    best = float("inf")
    for _ in range(bench.options.repeat):
        start = time.monotonic()
        inflater = zlib.decompressobj(31)
        with open(path, "rb") as source:
            while piece := source.read(1 << 18):
                while piece:
                    inflater.decompress(piece, 1 << 20)
                    piece = inflater.unconsumed_tail
        best = min(best, time.monotonic() - start)
    return best


def info_seconds(bench, path, cache="none"):
    """-> the fastest `data info` of a file, and starting the program alone."""
    info, start_up = float("inf"), float("inf")
    for _ in range(bench.options.repeat):
        start = time.monotonic()
        subprocess.run([bench.options.latent, "data", "info", path, "--set", f"data.cache_dir={cache}"], check=True, capture_output=True)
        middle = time.monotonic()
        subprocess.run([bench.options.latent, "--version"], check=True, capture_output=True)
        info, start_up = min(info, middle - start), min(start_up, time.monotonic() - middle)
    return info, start_up


def read(bench):
    """The data file of the other rows, without the cache; the program's own start is left out."""
    info, start_up = info_seconds(bench, bench.data)
    bench.add("read and count gz JSON, against zlib's inflate alone", info - start_up, inflate_seconds(bench, bench.data), "s", "1/1.15")


def read_csv(bench):
    """A large csv (the README's: 14.5 M rows of Goodreads shelves), whole command."""
    path = bench.options.csv
    if not path.exists():
        return bench.leave_out("read_csv", path, "--csv names another large csv.gz, such as goodreads_interactions.csv of the UCSD Book Graph")
    info, start_up = info_seconds(bench, path)
    inflate = inflate_seconds(bench, path)
    bench.add(f"data info of {path.name}, against zlib's inflate alone", info, inflate, "s", ".9")
    bench.add("the same without the program's start", info - start_up, inflate, "s", "-")


def read_again(bench):
    """From the cache against the first time, start left out."""
    for path in filter(lambda path: path.exists(), (bench.data, bench.options.csv)):
        first, start_up = info_seconds(bench, path)
        cache = bench.folder / "read-cache"
        info_seconds(bench, path, cache)
        again, _ = info_seconds(bench, path, cache)
        bench.add(f"read and count again, {path.name}, against the first time", again - start_up, first - start_up, "s", 20)


ROWS = {"read": read, "read_csv": read_csv, "read_again": read_again}
