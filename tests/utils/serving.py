"""A web server for tests of downloads, which can do what bad connections do."""

import contextlib
import http.server
import threading


class Site:
    """Files by path, and how the server is to behave.

    Attributes:
        files: path, such as "/a.npz", to contents.
        requests: (path, Range header or None) of each request so far.
        cut: how many bytes of each answer arrive before the connection ends; None for all.
        ranges: whether the server knows the Range header.
    """

    def __init__(self):
        self.files = {}
        self.requests = []
        self.cut = None
        self.ranges = True
        self.url = ""


def _handler(site):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked = self.headers.get("Range")
            site.requests.append((self.path, asked))
            data = site.files.get(self.path)
            if data is None:
                self.send_error(404)
                return
            start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and site.ranges else 0
            if asked and site.ranges and start >= len(data):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(data)}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(206 if asked and site.ranges else 200)
            if asked and site.ranges:
                self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
            self.send_header("Content-Length", str(len(data) - start))
            self.end_headers()
            self.wfile.write(data[start:][: site.cut])

        def log_message(self, *_):
            pass

    return Handler


@contextlib.contextmanager
def serving():
    """A `Site` on this machine, for as long as the block runs."""
    site = Site()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(site)) as server:
        site.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield site
        finally:
            server.shutdown()
            thread.join()
