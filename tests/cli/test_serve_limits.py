"""latent serve towards hostile, broken and greedy clients, and while it stops."""

import json
import signal
import socket
import time

import support
import test_serve_http
from test_serve_http import Server


class Limits(test_serve_http.Http):
    # Its own tests run in its own file.
    for name in dir(test_serve_http.Http):
        if name.startswith("test_"):
            locals()[name] = None
    del name

    def head(self, *lines, method="POST", path="/recommend"):
        return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: x", *lines, "", ""]).encode()

    def status(self, data, server=None):
        return int(self.raw(server or self.server, data).split()[1])

    def test_an_unknown_id_is_named_without_those_of_others(self):
        for path, body in [("/recommend", {"user": "u1x"}), ("/rank", {"user": "u1", "items": ["i2x"]}), ("/fold-in", {"items": ["i2x"]})]:
            self.assertRegex(self.server.post(path, body, 404)["error"], r"^unknown (user|item) '\w+'$")

    def test_a_body_of_a_get_is_no_second_request(self):
        inner = b"GET /v2/health/live HTTP/1.1\r\nHost: x\r\n\r\n"
        for method in ["GET", "HEAD"]:
            got = self.raw(self.server, self.head(f"Content-Length: {len(inner)}", method=method, path="/metrics") + inner)
            self.assertEqual((got.split()[1], got.count(b"HTTP/1.1 ")), (b"400", 1))

    def test_lengths_that_two_readers_could_take_differently_are_400(self):
        body = b'{"user": "u1"}'
        for lines in [["Content-Length: 14", "Content-Length: 3"], ["Content-Length: 14", "Transfer-Encoding: chunked"], ["Transfer-Encoding: identity"],
                      ["Transfer-Encoding: gzip, chunked"], ["Content-Length: -1"], ["Content-Length: +14"], ["Content-Length: 1 4"],
                      ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"], ["Content-Length : 14", "Content-Length: 14"]]:
            self.assertEqual(self.status(self.head(*lines) + body), 400, lines)
        for chunks in [b"-5\r\n", b"+e\r\n", b"0xe\r\n", b"x\r\n", b"\r\n", b"3\r\n" + body + b"\r\n0\r\n\r\n", b"e\n" + body + b"\r\n0\r\n\r\n"]:
            self.assertEqual(self.status(self.head("Transfer-Encoding: chunked") + chunks), 400, chunks)

    def test_chunks_are_read_with_their_extensions_and_trailers(self):
        body = b'{"user": "u1"}'
        chunked = b"3;a=b\r\n" + body[:3] + b"\r\nB\r\n" + body[3:] + b"\r\n0\r\nMore: yes\r\n\r\n"
        second = self.head(method="GET", path="/v2/health/live").replace(b"Host: x", b"Host: x\r\nConnection: close")
        got = self.raw(self.server, self.head("Transfer-Encoding: chunked") + chunked + second)
        self.assertEqual(got.count(b"HTTP/1.1 200"), 2, got)
        self.assertIn(b'{"live":true}', got)

    def test_a_body_is_as_long_as_it_may_be_in_chunks_too(self):
        with Server(self, "svd", "--max-body", "1000") as server:
            for size, status in [(1000, 400), (1001, 413), (5000, 413)]:  # 400: no JSON
                chunked = b"".join(b"64\r\n" + b"x" * 100 + b"\r\n" for _ in range(size // 100)) + (b"1\r\nx\r\n" if size % 100 else b"") + b"0\r\n\r\n"
                self.assertEqual(self.status(self.head("Transfer-Encoding: chunked", "Connection: close") + chunked, server), status, size)
            self.assertRegex(server.request("GET", "/metrics")[2].decode(), r'latent_requests_total\{route="refused",status="413"\} 2')

    def test_a_body_is_json_whatever_its_type_says(self):
        body = json.dumps({"user": "u1", "exclude": [f"item {n}" for n in range(900)]})
        self.assertGreater(len(body), 8192)
        self.assertEqual(self.server.request("POST", "/recommend", body, {"Content-Type": "application/x-www-form-urlencoded"})[0], 200)

    def test_an_answer_says_whether_the_connection_ends(self):
        self.assertIn(b"\r\nConnection: close\r\n", self.raw(self.server, self.head("Content-Length: x")))
        _, headers, _ = self.server.request("HEAD", "/metrics")
        self.assertEqual([headers["Keep-Alive"], headers["Accept-Ranges"], headers["Connection"]], [None] * 3)

    def test_a_late_body_is_408_and_a_long_header_431(self):
        with Server(self, "svd", "--timeout", "1") as server:
            self.assertEqual(self.status(self.head("Content-Length: 100") + b"{", server), 408)
            self.assertEqual(self.status(self.head("Transfer-Encoding: chunked") + b"5\r\n", server), 408)
            self.assertEqual(self.status(self.head(*[f"X-{n}: {'y' * 1000}" for n in range(30)]), server), 431)

    def test_a_silent_connection_is_closed_after_the_time_for_a_request(self):
        with Server(self, "svd", "--timeout", "1") as server:
            before = time.time()
            self.assertEqual(self.raw(server, b""), b"")
            self.assertLess(time.time() - before, 20)

    def test_ratings_that_leave_no_number_are_400(self):
        for path, more in [("/fold-in", {}), ("/explain", {"item": "i2"})]:
            error = self.server.post(path, {"items": ["i3", "i9"], "ratings": [3.4e38, -3.4e38], **more}, 400)["error"]
            self.assertEqual(error, "the ratings of the history are too large for this model")
        self.assertRegex(self.complaint("recommend", "svd", "--items", "i3:3e38"), "too large for this model")

    def test_lists_of_one_answer_have_a_limit_together(self):
        items = len(self.server.post("/recommend", {"user": "u1", "k": 1000, "include_seen": True})["items"])
        users = 100_000 // items + 1
        with Server(self, "svd", "--max-batch", str(users)) as server:
            for path, body in [("/recommend", {"users": ["u1"] * users}), ("/fold-in", {"histories": [{"items": ["i3"]}] * users})]:
                self.assertIn("100000 entries together", server.post(path, {**body, "k": 1000}, 400)["error"])
            self.assertEqual(len(server.post("/recommend", {"users": ["u1"] * users, "k": 1})["results"]), users)

    def test_losses_over_pairs_fold_in_so_many_items_at_once(self):
        histories = [{"items": ["i1", "i2"]}] * 2
        with Server(self, "bpr", "--max-batch", "3") as server:
            self.assertIn("3 items together", server.post("/fold-in", {"histories": histories}, 400)["error"])
            server.post("/fold-in", {"histories": histories[:1]})
        with Server(self, "svd", "--max-batch", "3") as server:
            server.post("/fold-in", {"histories": histories})

    def test_sigterm_answers_what_waits_to_be_accepted(self):
        with Server(self, "svd") as server:
            server.process.send_signal(signal.SIGSTOP)
            waiting = [socket.create_connection(("127.0.0.1", server.port), timeout=30) for _ in range(5)]
            for s in waiting:
                s.sendall(self.head(method="GET", path="/score?user=u1&item=i2"))
            server.process.send_signal(signal.SIGTERM)
            server.process.send_signal(signal.SIGCONT)
            for s in waiting:
                self.assertTrue(s.recv(65536).startswith(b"HTTP/1.1 200"))
                s.close()
            self.assertEqual(server.process.wait(30), 0)

    def test_keys_that_contradict_each_other_are_400(self):
        for path, body in [("/score", {"pairs": [["u1", "i2"]], "user": "u1"}), ("/fold-in", {"histories": [{"items": ["i1"]}], "ratings": [1]}),
                           ("/explain", {"user": "u1", "item": "i2", "ratings": [1]})]:
            self.server.post(path, body, 400)
        error = self.server.post("/fold-in", {"histories": [{"items": ["i1"]}, {"items": ["nothing"]}]}, 404)["error"]
        self.assertEqual(error, "histories[1]: unknown item 'nothing'")

    def test_errors_do_not_say_where_the_file_lies(self):
        self.assertNotIn("model.pt", self.server.post("/fold-in", {"items": []}, 400)["error"])

    def test_an_exact_id_is_found_first(self):
        self.assertEqual(self.server.get("/find?text=i10")["items"][0]["item"], "i10")
        self.assertEqual(self.server.get("/find?text=i2&k=1")["items"], [{"item": "i2"}])

    def test_an_explanation_gives_the_score_of_the_trained_user_too(self):
        why = self.server.post("/explain", {"user": "u1", "item": "i2"})
        self.assertEqual(why["prediction"], self.server.post("/score", {"user": "u1", "item": "i2"})["score"])

    def test_models_without_factors_list_the_popular_for_unknown_items(self):
        with Server(self, "bias_only") as server:
            got = server.post("/fold-in", {"items": ["nothing"], "unknown": "popular", "k": 3})
            self.assertEqual((got["unknown"], len(got["items"])), (True, 3))

    def test_the_token_is_asked_for_before_the_body(self):
        (self.dir / "token").write_text("s3cret\n")
        with Server(self, "svd", "--token-file", "token") as server:
            self.assertEqual(self.status(self.head("Content-Length: 100"), server), 401)
            self.assertEqual(server.request("GET", "/score?user=u1&item=i2", headers={"Authorization": "bearer s3cret"})[0], 200)
            self.assertEqual(server.request("GET", "/")[0], 200)

    def test_tensors_that_nobody_asked_for_are_400(self):
        user = {"name": "user", "datatype": "BYTES", "shape": [1], "data": ["u1"]}
        for body in [{"inputs": [user, user]}, {"inputs": [user, {**user, "name": "usr"}]}, {"inputs": [user], "outputs": [{"name": "itm"}]},
                     {"inputs": [user], "outputs": 3}, {"inputs": [user], "id": 7}]:
            self.server.post("/v2/models/svd/infer", body, 400)
        for outputs in [[], None]:
            self.assertEqual(len(self.server.post("/v2/models/svd/infer", {"inputs": [user], "outputs": outputs})["outputs"]), 2)
        plain = {"inputs": [user], "parameters": {"binary_data_output": True}, "outputs": [{"name": "score", "parameters": {"binary_data": False}}]}
        self.assertEqual(len(self.server.post("/v2/models/svd/infer", plain)["outputs"][0]["data"][0:]), 10)

    def test_the_description_says_the_servers_own_limits(self):
        with Server(self, "svd", "--max-k", "7", "--max-batch", "5") as server:
            properties = server.get("/openapi.json")["paths"]["/recommend"]["post"]["requestBody"]["content"]["application/json"]["schema"]["properties"]
            self.assertEqual((properties["k"]["maximum"], properties["users"]["maxItems"]), (7, 5))
            self.assertNotIn("security", server.get("/openapi.json"))

    def test_a_path_that_is_read_alone_is_405_for_a_post(self):
        for path in ["/", "/metrics", "/openapi.json"]:
            status, headers, _ = self.server.request("POST", path, "{}")
            self.assertEqual((status, headers["Allow"]), (405, "GET, HEAD"))

    def test_a_whole_number_may_be_written_with_a_fraction_of_nothing(self):
        for k in ["3", "3.0", "3e0", "30e-1"]:
            status, _, text = self.server.request("POST", "/recommend", f'{{"user": "u1", "k": {k}}}')
            self.assertEqual((status, len(json.loads(text)["items"])), (200, 3), k)
        for k in ["3.5", "1e400", "-0.0", "9007199254740994", "true", '"3"', "null"]:
            status, _, text = self.server.request("POST", "/recommend", f'{{"user": "u1", "k": {k}}}')
            self.assertEqual(status, 400, (k, text))
        user = {"name": "user", "datatype": "BYTES", "shape": [1], "data": ["u1"]}
        got = self.server.post("/v2/models/svd/infer", {"inputs": [user, {"name": "k", "datatype": "INT64", "shape": [1], "data": [3.0]}]})
        self.assertEqual(got["outputs"][0]["shape"], [1, 3])

    def test_a_path_may_come_with_its_host_as_proxies_are_asked(self):
        expected = self.server.request("GET", "/score?user=u1&item=i2")[2]
        for host in ["http://x", "http://127.0.0.1:8000", "HTTPS://user@x"]:
            got = self.raw(self.server, self.head("Connection: close", method="GET", path=f"{host}/score?user=u1&item=i2"))
            self.assertTrue(got.startswith(b"HTTP/1.1 200") and got.endswith(expected), got)
        for path in ["http://x", "http://x/"]:
            self.assertIn(b"text/html", self.raw(self.server, self.head("Connection: close", method="GET", path=path)))
        self.assertEqual(self.status(self.head("Connection: close", method="GET", path="ftp://x/score?user=u1&item=i2")), 404)
        (self.dir / "token").write_text("s3cret\n")
        with Server(self, "svd", "--token-file", "token") as server:
            self.assertEqual(self.status(self.head("Connection: close", method="GET", path="http://x/score?user=u1&item=i2"), server), 401)

    def test_ranges_are_not_answered_and_broken_ones_are_400(self):
        whole = self.server.request("GET", "/score?user=u1&item=i2")[2]
        status, _, text = self.server.request("GET", "/score?user=u1&item=i2", headers={"Range": "bytes=0-3"})
        self.assertEqual((status, text), (200, whole))
        for words in ["x", "bytes=", "bytes=5-2", "bytes=99999999999999999999-", "bytes=" + "1" * 7000]:
            status, _, text = self.server.request("GET", "/score?user=u1&item=i2", headers={"Range": words})
            self.assertEqual((status, json.loads(text)["error"]), (400, "the Range header cannot be read; ranges are not answered"), words[:40])

    def test_an_empty_name_is_refused(self):
        self.assertEqual(self.complaint("serve", "svd", "--name", "", code=2), "--name must not be empty")


if __name__ == "__main__":
    support.main()
