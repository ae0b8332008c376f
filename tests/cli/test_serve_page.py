"""The page of latent serve in a browser, where a token is asked for: its field is used as a person would."""

import http.client
import http.server
import re
import threading
import unittest

import chromium
import support
from solver_case import Small
from test_serve_http import Server

# Types the token once the page asks for it, and presses the button. The same field with a wrong token stays where it is.
TYPES = """<script>
setInterval(() => {
  const form = document.getElementById("by-token"), field = document.getElementById("token");
  if (form.hidden || field.value) return;
  field.value = TOKEN;
  form.requestSubmit();
}, 50);
</script>"""


class Between(http.server.BaseHTTPRequestHandler):
    """Hands requests on to the server, and the page with somebody who types."""

    def log_message(self, *_):
        pass

    def do_POST(self):
        self.pass_on()

    def do_GET(self):
        self.pass_on()

    def pass_on(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))) or None
        self.server.brought.append(self.headers.get("Authorization"))
        connection = http.client.HTTPConnection("127.0.0.1", self.server.target, timeout=30)
        headers = {name: self.headers[name] for name in ("Authorization", "Content-Type") if name in self.headers}
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        if self.path == "/":
            text = text.replace(b"</html>", TYPES.replace("TOKEN", repr(self.server.typed)).encode() + b"</html>")
        self.send_response(answer.status)
        for name in ("Content-Type", "Content-Security-Policy"):
            if answer.headers[name]:
                self.send_header(name, answer.headers[name])
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
        connection.close()


@unittest.skipUnless(chromium.PROGRAM, "Chromium is not installed (Debian: apt install chromium)")
class Page(Small):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        support.Case.train(cls(), "svd", "model.name=svd", "model.factors=4", "train.epochs=4")
        (cls.dir / "token").write_text("s3cret\n")

    def seen(self, typed):
        """(the page as it looks in the end, the headers that came)"""
        with Server(self, "svd", "--token-file", "token") as server:
            between = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Between)
            between.target, between.typed, between.brought = server.port, typed, []
            threading.Thread(target=between.serve_forever, daemon=True).start()
            try:
                done = chromium.run([*chromium.flags(False), "--window-size=400,900", "--virtual-time-budget=8000", "--dump-dom",
                                     f"http://127.0.0.1:{between.server_address[1]}/#user=u1"])
            finally:
                between.shutdown()
                between.server_close()
        self.assertIn("<h1>latent</h1>", done.stdout, done.stderr[-1000:])
        return done.stdout, between.brought

    def test_the_token_that_is_typed_is_brought_and_the_list_appears(self):
        page, brought = self.seen("s3cret")
        self.assertIn("<h2>For u1</h2>", page)
        self.assertEqual(len(re.findall(r'title="i\d+"', page)), 10)
        self.assertIn(None, brought)  # the first question, which made the field appear
        self.assertIn("Bearer s3cret", brought)

    def test_a_wrong_token_is_said_and_nothing_is_shown(self):
        page, _ = self.seen("wrong")
        self.assertNotIn("<h2>For u1</h2>", page)
        self.assertRegex(page, r'<p id="said" role="status">a token is needed')
        self.assertNotRegex(page, r'<form id="by-token" hidden')


if __name__ == "__main__":
    support.main()
