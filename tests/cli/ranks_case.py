"""Shared by the tests of several processes that train one model: starts them as torchrun does, and compares runs."""

import pathlib
import socket
import subprocess
import sys
import time

import support


def free_port():
    with socket.socket() as any_port:
        any_port.bind(("127.0.0.1", 0))
        return any_port.getsockname()[1]


class RanksCase(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if b"this build has no distributed part" in pathlib.Path(support.PROGRAM).with_name("liblatent_train.so").read_bytes():
            print("skipped: built without Gloo's headers (libgloo-dev)", file=sys.stderr)
            sys.exit(77)
        support.write_rows(cls.dir / "rows.csv", support.random_rows(300, 120, 8000))
        support.write_config(cls.dir / "config.json", data="rows.csv", split={"seed": 1})

    def ranks(self, count, *arguments, world=None):
        """Starts `count` ranks without torchrun, the same way that it does; the processes."""
        port = free_port()
        out = []
        for rank in range(count):
            place = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": world or count, "LOCAL_WORLD_SIZE": world or count,
                     "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
            words = [word(rank) if callable(word) else word for word in arguments]
            out.append(subprocess.Popen(support.command(*words), cwd=self.dir, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        env={**support.environment(self.dir), **{k: str(v) for k, v in place.items()}},
                                        encoding="utf-8"))
            self.addCleanup(out[-1].kill)
        return out

    def ends(self, ranks, codes, within=60):
        """Waits for all; what each said on stderr."""
        said = []
        for process in ranks:
            stdout, stderr = process.communicate(timeout=within)
            process.stdout_text = stdout
            said.append(stderr)
        self.assertEqual([p.returncode for p in ranks], codes, "\n".join(said))
        return said

    def trained_by(self, count, run, *sets):
        """The last checkpoint's tensors, and metrics.json, of a training by so many ranks."""
        self.ends(self.ranks(count, "train", "config.json", "--run-dir", run, *support.set_options(sets)), [0] * count)
        return self.run_of(run)

    def run_of(self, run):
        return support.read_checkpoint(self.checkpoints(run)[-1]), self.json(f"{run}/metrics.json")

    def assert_same_run(self, one, other, what):
        (state, tensors), metrics = one
        (other_state, other_tensors), other_metrics = other
        with self.subTest(what):
            self.assert_same_tensors(tensors, other_tensors)
            self.assertEqual(state["objective"], other_state["objective"])
            self.assertEqual(metrics["test"], other_metrics["test"])

    def alone(self, run, *sets):
        self.train(run, *sets)
        return self.run_of(run)

    def long_training(self, run, count, *sets):
        """Starts a training that would not end, and waits for its first checkpoint."""
        sets = ["model.name=latent_factor", "train.steps=100000000", "train.batch_size=2000", "checkpoint.every=20", *sets]
        ranks = self.ranks(count, "train", "config.json", "--run-dir", run, *support.set_options(sets))
        until = time.monotonic() + 60
        while not self.checkpoints(run):
            self.assertLess(time.monotonic(), until)
            self.assertEqual([p.poll() for p in ranks], [None] * count)
            time.sleep(0.02)
        return ranks

    def refused(self, count, *arguments):
        """The one line of rank 0 about a training that all refuse."""
        said = self.ends(self.ranks(count, *arguments), [1] * count, within=40)
        lines = [line for line in said[0].splitlines() if line.startswith("latent: ")]
        self.assertEqual(len(lines), 1, said)
        return lines[0].removeprefix("latent: ")
