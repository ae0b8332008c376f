"""latent serve: what it answers, what it refuses, how it swaps models and stops."""

import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time
import unittest

import chromium
import support
from solver_case import TRAIN, Small


class Server:
    """The program serving a model; a context."""

    def __init__(self, case, model, *words):
        self.process = subprocess.Popen(support.command("serve", model, "--port", "0", *words), cwd=case.dir, env=support.environment(case.dir),
                                        stderr=subprocess.PIPE, encoding="utf-8")
        self.said = []
        for line in self.process.stderr:
            self.said.append(line)
            if line.startswith("serving "):
                break
        else:
            raise AssertionError(f"no server: {self.said}")
        self.port = int(self.said[-1].rsplit(":", 1)[1])
        threading.Thread(target=lambda: self.said.extend(self.process.stderr), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(60)

    def request(self, method, path, body=None, headers=None):
        """(status, headers, body)"""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def post(self, path, body, status=200):
        got, _, text = self.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        assert got == status, (path, body, got, text)
        return json.loads(text)

    def get(self, path, status=200):
        got, _, text = self.request("GET", path)
        assert got == status, (path, got, text)
        return json.loads(text)

    def wait_for(self, text, seconds=30):
        until = time.time() + seconds
        while time.time() < until:
            if any(text in line for line in self.said):
                return
            time.sleep(0.05)
        raise AssertionError(f"never said {text!r}: {self.said}")


class Http(Small):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for name, sets in {"svd": ["train.epochs=4"], "ials": ["train.epochs=3"], "bpr": ["train.steps=30", "train.batch_size=100"],
                           "bias_only": ["train.steps=3"]}.items():
            support.Case.train(cls(), name, f"model.name={name}", *support.factors(name, 4), *sets)
        cls.server = Server(cls(), "svd")
        cls.addClassCleanup(cls.server.__exit__)

    def program(self, *words):
        return json.loads(self.latent(*words, "--json").stdout)

    def close_to(self, ours, theirs, key="item"):
        self.assertEqual([one[key] for one in ours], [one[key] for one in theirs])
        for a, b in zip(ours, theirs):
            self.assertAlmostEqual(a["score"], b["score"], places=5)

    def test_answers_are_those_of_the_command_line(self):
        for name in ["svd", "ials", "bpr"]:
            with self.subTest(name), Server(self, name) as server:
                self.close_to(server.post("/recommend", {"user": "u1", "k": 5})["items"], self.program("recommend", name, "--user", "u1", "-k", "5"))
                self.close_to(server.get("/recommend?user=u1&k=5")["items"], self.program("recommend", name, "--user", "u1", "-k", "5"))
                self.close_to(server.post("/similar", {"item": "i3", "k": 4})["items"], self.program("similar", name, "--item", "i3", "-k", "4"))
                self.close_to(server.post("/similar", {"user": "u3", "k": 4})["users"], self.program("similar", name, "--user", "u3", "-k", "4"), "user")
                self.assertAlmostEqual(server.post("/score", {"user": "u1", "item": "i2"})["score"], self.program("predict", name, "u1", "i2")["score"], places=5)
                self.close_to(server.post("/rank", {"user": "u1", "items": ["i3", "i9", "i4"]})["items"], self.program("rank", name, "--user", "u1", "i3", "i9", "i4"))
                self.close_to(server.post("/fold-in", {"items": ["i3", "i9"], "ratings": [4, 2], "k": 5})["items"],
                              self.program("recommend", name, "--items", "i3:4,i9:2", "-k", "5"))
                ours, theirs = server.post("/explain", {"user": "u1", "item": "i2", "k": 3}), self.program("explain", name, "--user", "u1", "--item", "i2", "-k", "3")
                self.assertEqual([one["item"] for one in ours["items"]], [one["item"] for one in theirs["items"]])

    def test_many_at_once_are_answered_as_one_by_one(self):
        users = ["u3", "u1", "u7"]
        got = self.server.post("/recommend", {"users": users, "k": 4})["results"]
        self.assertEqual(got, [self.server.post("/recommend", {"user": user, "k": 4}) for user in users])
        pairs = [["u1", "i2"], ["u3", "i9"]]
        self.assertEqual(self.server.post("/score", {"pairs": pairs})["scores"],
                         [self.server.post("/score", {"user": u, "item": i})["score"] for u, i in pairs])
        histories = [{"items": ["i3"]}, {"items": ["i9", "i2"], "ratings": [1, None]}]
        got = self.server.post("/fold-in", {"histories": histories, "k": 4})["results"]
        self.assertEqual(got, [self.server.post("/fold-in", {**one, "k": 4}) for one in histories])

    def test_filters_hold(self):
        only = ["i1", "i2", "i3", "i4"]
        def items(**more):
            return {one["item"] for one in self.server.post("/recommend", {"user": "u1", "k": 99, "include_seen": True, **more})["items"]}

        self.assertEqual(items(only=only), set(only))
        self.assertEqual(items(only=only, exclude=["i2", "nothing"]), {"i1", "i3", "i4"})
        had = {item for user, item, _ in TRAIN if user == "u1"}
        seen = {one["item"] for one in self.server.post("/recommend", {"user": "u1", "k": 99})["items"]}
        self.assertFalse(seen & had)

    def test_unknown_ids_are_404_popular_or_nothing(self):
        self.assertRegex(self.server.post("/recommend", {"user": "nobody"}, 404)["error"], "unknown user 'nobody'")
        self.assertEqual(self.server.post("/recommend", {"user": "nobody", "unknown": "skip"})["items"], [])
        popular = self.server.post("/recommend", {"user": "nobody", "unknown": "popular", "k": 3})
        self.assertTrue(popular["unknown"])
        self.close_to(popular["items"], self.program("recommend", "svd", "--user", "nobody", "--unknown", "popular", "-k", "3"))
        for path, body in [("/similar", {"item": "x"}), ("/score", {"user": "u1", "item": "x"}), ("/rank", {"user": "u1", "items": ["x"]}),
                           ("/fold-in", {"items": ["x"]}), ("/explain", {"user": "u1", "item": "x"})]:
            self.assertRegex(self.server.post(path, body, 404)["error"], "unknown item 'x'")

    def test_bad_input_is_400_with_one_line(self):
        for path, body in [
            ("/recommend", {}), ("/recommend", {"user": 1}), ("/recommend", {"user": "u1", "users": ["u2"]}), ("/recommend", {"user": "u1", "k": 0}),
            ("/recommend", {"user": "u1", "k": 1001}), ("/recommend", {"user": "u1", "k": 2.5}), ("/recommend", {"user": "u1", "k": 10**30}),
            ("/recommend", {"user": "u1", "k": -5}), ("/recommend", {"user": "u1", "k": 2**63}),
            ("/recommend", {"user": "u1", "more": 1}), ("/recommend", {"user": "u1", "exclude": "i1"}), ("/recommend", {"users": ["u1"] * 1001}),
            ("/recommend", {"user": "u1", "unknown": "what"}), ("/recommend", {"user": "u1", "include_seen": 1}), ("/recommend", []), ("/recommend", None),
            ("/similar", {}), ("/similar", {"item": "i1", "user": "u1"}), ("/score", {"user": "u1"}), ("/score", {"pairs": [["u1"]]}), ("/score", {"pairs": 3}),
            ("/rank", {"user": "u1"}), ("/rank", {"user": "u1", "items": [1]}), ("/fold-in", {}), ("/fold-in", {"items": ["i1"], "ratings": [1, 2]}),
            ("/fold-in", {"items": []}), ("/fold-in", {"items": ["i1"], "ratings": ["x"]}), ("/fold-in", {"histories": [3]}), ("/fold-in", {"items": ["i1"], "ratings": [1e300]}),
            ("/explain", {"user": "u1"}), ("/v2/models/svd/infer", {}), ("/v2/models/svd/infer", {"inputs": [{"name": "user"}]}),
        ]:
            with self.subTest(path, body=str(body)[:80]):
                error = self.server.post(path, body, 400)["error"]
                self.assertNotIn("\n", error)
        for body in [b"{", b"\xff\xfe", b"[" * 100000, b'{"user": "\\ud800"}', b""]:
            status, _, text = self.server.request("POST", "/recommend", body)
            self.assertEqual(status, 400, body[:20])
            self.assertIn("error", json.loads(text))
        self.assertEqual(self.server.request("GET", "/recommend?user=u1&k=x")[0], 400)

    def test_models_without_factors_say_so(self):
        with Server(self, "bias_only") as server:
            for path, body in [("/similar", {"item": "i1"}), ("/fold-in", {"items": ["i1"]}), ("/explain", {"user": "u1", "item": "i1"})]:
                self.assertIn("no factors", server.post(path, body, 400)["error"])
            self.assertEqual(len(server.post("/recommend", {"user": "u1", "k": 3})["items"]), 3)

    def test_paths_and_methods_that_are_none(self):
        self.assertEqual(self.server.request("GET", "/nowhere")[0], 404)
        self.assertEqual(self.server.request("POST", "/nowhere", "{}")[0], 404)
        for method in ["PUT", "DELETE", "PATCH", "OPTIONS"]:
            self.assertEqual(self.server.request(method, "/recommend", "{}")[0], 405, method)
        self.assertEqual(self.server.request("HEAD", "/metrics")[0], 200)
        self.assertEqual(self.server.request("GET", "/" + "a" * 5000)[0], 414)

    def raw(self, server, data, seconds=30):
        with socket.create_connection(("127.0.0.1", server.port), timeout=seconds) as s:
            try:
                s.sendall(data)
            except OSError:
                pass
            out = b""
            try:
                while chunk := s.recv(65536):
                    out += chunk
            except OSError:
                pass
            return out

    def test_limits_hold(self):
        with Server(self, "svd", "--max-body", "1000", "--timeout", "1", "--max-k", "5", "--max-batch", "3", "--max-connections", "4") as server:
            self.assertEqual(server.request("POST", "/recommend", b"x" * 1001)[0], 413)
            self.assertIn("from 1 to 5", server.post("/recommend", {"user": "u1", "k": 6}, 400)["error"])
            self.assertIn("more than 3", server.post("/recommend", {"users": ["u1"] * 4}, 400)["error"])
            big = self.raw(server, b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: %s\r\n" % (n, b"y" * 1000) for n in range(100)) + b"\r\n")
            self.assertFalse(big.startswith(b"HTTP/1.1 200"), big[:60])
            self.assertIn(b"411", self.raw(server, b"POST /recommend HTTP/1.1\r\nHost: x\r\n\r\n")[:40])
            chunked = b"POST /recommend HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + (b"400\r\n" + b"x" * 1024 + b"\r\n") * 100
            self.assertFalse(self.raw(server, chunked).startswith(b"HTTP/1.1 200"))
            before = time.time()
            slow = self.raw(server, b"POST /recommend HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
            self.assertLess(time.time() - before, 10)
            self.assertFalse(slow.startswith(b"HTTP/1.1 200"))
            for _ in range(10):  # a busy machine may be slower than --timeout
                held = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(4)]
                time.sleep(0.1)
                said = self.raw(server, b"GET /v2 HTTP/1.1\r\nHost: x\r\n\r\n")[:20]
                for s in held:
                    s.close()
                if b"503" in said:
                    break
                time.sleep(1)
            self.assertIn(b"503", said)
            time.sleep(1)
            self.assertEqual(server.get("/v2")["name"], "latent")

    def test_many_requests_share_a_connection(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        first = None
        for n in range(200):
            connection.request("POST", "/score", json.dumps({"user": "u1", "item": "i2"}))
            answer = connection.getresponse()
            self.assertEqual(answer.status, 200)
            answer.read()
            first = first or connection.sock
            self.assertIs(connection.sock, first)
        connection.close()

    def test_a_port_in_use_is_refused(self):
        line = self.complaint("serve", "svd", "--port", self.server.port)
        self.assertRegex(line, rf"^127.0.0.1:{self.server.port}: cannot listen there: Address already in use; --port takes another one$")

    def test_wrong_words_are_refused(self):
        self.assertRegex(self.complaint("serve", "svd", "--port", "70000", code=2), "^--port must be from 0 to 65535$")
        self.assertRegex(self.complaint("serve", "svd", "--host", "203.0.113.7", "--port", "0"), "cannot listen there")
        self.assertRegex(self.complaint("serve", "nowhere.pt"), "no such model file")
        (self.dir / "empty").write_text("\n")
        self.assertRegex(self.complaint("serve", "svd", "--token-file", "empty", "--port", "0"), "^empty: holds no token")

    def test_it_listens_on_loopback_alone(self):
        addresses = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)} - {"127.0.0.1", "127.0.1.1"}
        for address in addresses:
            with self.assertRaises(OSError):
                socket.create_connection((address, self.server.port), timeout=2)

    def test_a_token_is_asked_for(self):
        (self.dir / "token").write_text("s3cret\n")
        with Server(self, "svd", "--token-file", "token") as server:
            for headers in [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "s3cret"}, {"Authorization": "Bearer s3cre"}]:
                status, got, _ = server.request("GET", "/recommend?user=u1", headers=headers)
                self.assertEqual((status, got["WWW-Authenticate"]), (401, "Bearer"))
            self.assertEqual(server.request("GET", "/recommend?user=u1", headers={"Authorization": "Bearer s3cret"})[0], 200)
            self.assertEqual(server.request("GET", "/v2/health/live")[0], 200)

    def test_metrics_count_requests(self):
        with Server(self, "svd") as server:
            for _ in range(3):
                server.get("/recommend?user=u1")
            server.get("/recommend?user=nobody", 404)
            server.get("/nowhere-" + "x" * 30, 404)
            _, headers, text = server.request("GET", "/metrics")
            self.assertTrue(headers["Content-Type"].startswith("text/plain; version=0.0.4"))
            lines = text.decode().splitlines()
            self.assertIn('latent_requests_total{route="/recommend",status="200"} 3', lines)
            self.assertIn('latent_requests_total{route="/recommend",status="404"} 1', lines)
            self.assertIn('latent_requests_total{route="other",status="404"} 1', lines)
            self.assertIn('latent_request_seconds_count{route="/recommend"} 4', lines)
            self.assertIn("latent_models_loaded_total 1", lines)
            for line in lines:
                self.assertRegex(line, r'^(# (HELP|TYPE) \w+ .+|\w+(\{[^}]*\})? \S+)$')

    def test_the_description_names_every_path(self):
        said = self.server.get("/openapi.json")
        for path in ["/recommend", "/similar", "/score", "/rank", "/fold-in", "/explain", "/metrics", "/v2", "/v2/health/live",
                     "/v2/models/{model}/infer"]:
            self.assertIn(path, said["paths"])

    def test_the_page_needs_nothing_from_elsewhere(self):
        status, headers, text = self.server.request("GET", "/")
        self.assertEqual(status, 200)
        self.assertIn("default-src 'none'", headers["Content-Security-Policy"])
        self.assertNotIn(b"http", text.replace(b"<!doctype html>", b""))

    @unittest.skipUnless(chromium.PROGRAM, "Chromium is not installed (Debian: apt install chromium)")
    def test_the_page_shows_lists_and_neighbours_in_a_browser(self):
        best = [one["item"] for one in self.server.get("/recommend?user=u1")["items"]]
        for dark in [False, True]:
            done = chromium.run([*chromium.flags(dark), "--window-size=400,900", "--virtual-time-budget=8000", "--dump-dom",
                                 f"http://127.0.0.1:{self.server.port}/#user=u1&item=i29"])
            for heading in ["For u1", "Found", "Like i29"]:
                self.assertIn(f"<h2>{heading}</h2>", done.stdout, done.stderr[-1000:])
            self.assertEqual(re.findall(r'title="(\w+)"', re.search(r'id="best".*?</section>', done.stdout, re.DOTALL)[0]), best)
            self.assertFalse([line for line in done.stderr.splitlines() if "CONSOLE" in line])

    def test_a_changed_file_is_served_without_a_failed_request(self):
        shutil.copy(self.dir / "svd/model.pt", self.dir / "live.pt")
        with Server(self, "live.pt") as server:
            before, failed, end = server.get("/score?user=u1&item=i2"), [], threading.Event()

            def ask():
                while not end.is_set():
                    try:
                        server.get("/score?user=u1&item=i2")
                    except (OSError, AssertionError, http.client.HTTPException) as e:
                        failed.append(e)

            askers = [threading.Thread(target=ask) for _ in range(3)]
            for one in askers:
                one.start()
            for name in ["ials", "bpr", "ials"]:
                shutil.copy(self.dir / name / "model.pt", self.dir / "next.pt")
                os.replace(self.dir / "next.pt", self.dir / "live.pt")
                server.said.clear()
                if name == "bpr":
                    server.process.send_signal(signal.SIGHUP)
                server.wait_for("now serving the new live.pt")
            end.set()
            for one in askers:
                one.join()
            self.assertEqual(failed, [])
            self.assertNotEqual(server.get("/score?user=u1&item=i2"), before)

    def test_a_damaged_file_is_refused_and_the_old_model_goes_on(self):
        shutil.copy(self.dir / "svd/model.pt", self.dir / "damaged.pt")
        with Server(self, "damaged.pt") as server:
            before = server.get("/recommend?user=u1&k=5")
            whole = (self.dir / "damaged.pt").read_bytes()
            (self.dir / "damaged.pt").write_bytes(whole[: len(whole) // 2])
            server.wait_for("the model that was loaded before goes on")
            self.assertEqual(server.get("/recommend?user=u1&k=5"), before)
            (self.dir / "damaged.pt").unlink()
            time.sleep(1.5)
            self.assertEqual(server.get("/recommend?user=u1&k=5"), before)
            (self.dir / "damaged.pt").write_bytes(whole)
            server.wait_for("now serving the new damaged.pt")
            self.assertIn("latent_models_refused_total 1", server.request("GET", "/metrics")[2].decode())

    def test_memory_stays_flat_over_swaps(self):
        shutil.copy(self.dir / "svd/model.pt", self.dir / "flat.pt")
        with Server(self, "flat.pt") as server:
            def resident():
                for line in pathlib.Path(f"/proc/{server.process.pid}/status").read_text().splitlines():
                    if line.startswith("VmRSS"):
                        return int(line.split()[1])

            def swap():
                server.said.clear()
                server.process.send_signal(signal.SIGHUP)
                server.wait_for("now serving")

            for _ in range(10):
                swap()
            early = resident()
            for _ in range(40):
                swap()
            self.assertLess(resident(), early + 4096)

    def test_sigterm_lets_what_has_begun_end(self):
        with Server(self, "svd") as server:
            body = json.dumps({"user": "u1", "item": "i2"}).encode()
            with socket.create_connection(("127.0.0.1", server.port)) as s:
                s.sendall(b"POST /score HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body[:5])
                time.sleep(0.5)
                server.process.send_signal(signal.SIGTERM)
                time.sleep(0.5)
                s.sendall(body[5:])
                answer = s.recv(65536)
            self.assertTrue(answer.startswith(b"HTTP/1.1 200"), answer)
            self.assertEqual(server.process.wait(30), 0)
            server.wait_for("stopped")

    # --- the Open Inference Protocol

    def test_the_protocol_says_what_there_is(self):
        self.assertEqual(self.server.get("/v2")["extensions"], ["binary_tensor_data"])
        for path in ["/v2/health/live", "/v2/health/ready", "/v2/models/svd/ready", "/v2/models/svd/versions/1/ready"]:
            self.server.get(path)
        said = self.server.get("/v2/models/svd")
        self.assertEqual(said["name"], "svd")
        self.assertEqual([(one["name"], one["datatype"]) for one in said["inputs"]], [("user", "BYTES"), ("k", "INT64")])
        self.server.get("/v2/models/other", 404)

    def test_inference_answers_as_json_and_as_bytes(self):
        expected = [self.program("recommend", "svd", "--user", user, "-k", "3") for user in ["u1", "u3"]]
        inputs = [{"name": "user", "datatype": "BYTES", "shape": [2], "data": ["u1", "u3"]}, {"name": "k", "datatype": "INT64", "shape": [1], "data": [3]}]
        got = self.server.post("/v2/models/svd/infer", {"id": "7", "inputs": inputs})
        self.assertEqual((got["id"], got["model_name"]), ("7", "svd"))
        items, scores = got["outputs"]
        self.assertEqual(items["shape"], [2, 3])
        self.assertEqual(items["data"], [one["item"] for row in expected for one in row])
        users = b"".join(struct.pack("<I", len(user)) + user for user in [b"u1", b"u3"])
        head = json.dumps({"parameters": {"binary_data_output": True}, "inputs": [
            {"name": "user", "datatype": "BYTES", "shape": [2], "parameters": {"binary_data_size": len(users)}},
            {"name": "k", "datatype": "INT64", "shape": [1], "parameters": {"binary_data_size": 8}}]}).encode()
        status, headers, body = self.server.request("POST", "/v2/models/svd/infer", head + users + struct.pack("<q", 3),
                                                    {"Inference-Header-Content-Length": str(len(head))})
        self.assertEqual(status, 200, body)
        at = int(headers["Inference-Header-Content-Length"])
        outputs, rest = json.loads(body[:at])["outputs"], body[at:]
        sizes = [one["parameters"]["binary_data_size"] for one in outputs]
        self.assertEqual(sum(sizes), len(rest))
        self.assertEqual(list(struct.unpack("<6f", rest[sizes[0]:])), [struct.unpack("f", struct.pack("f", s))[0] for s in scores["data"]])
        got = self.server.post("/v2/models/svd_score/infer", {"inputs": [
            {"name": "user", "datatype": "BYTES", "shape": [1], "data": ["u1"]}, {"name": "item", "datatype": "BYTES", "shape": [1], "data": ["i2"]}]})
        self.assertAlmostEqual(got["outputs"][0]["data"][0], self.program("predict", "svd", "u1", "i2")["score"], places=4)

    def test_damaged_tensors_are_400(self):
        for head, tail in [({"parameters": {"binary_data_size": 99}}, b"ab"), ({"parameters": {"binary_data_size": 2}}, b"ab"),
                           ({"parameters": {"binary_data_size": 6}}, b"\xff\xff\xff\xffab"), ({"data": [1]}, b""), ({"data": ["a", "b"]}, b""),
                           ({"data": ["u1"], "shape": [2**40, 2**40]}, b""), ({"data": ["u1"], "datatype": "FP64"}, b""), ({"data": ["u1"]}, b"more")]:
            text = json.dumps({"inputs": [{"name": "user", "datatype": "BYTES", "shape": [1], **head}]}).encode()
            status, _, body = self.server.request("POST", "/v2/models/svd/infer", text + tail, {"Inference-Header-Content-Length": str(len(text))})
            self.assertEqual(status, 400, (head, tail, body))
        status, _, _ = self.server.request("POST", "/v2/models/svd/infer", b"{}", {"Inference-Header-Content-Length": "99"})
        self.assertEqual(status, 400)


if __name__ == "__main__":
    support.main()
