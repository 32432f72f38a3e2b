"""Qdrant's REST interface on top of qdrant-edge, which is Qdrant's engine as a library: python main.py PORT DATA_FOLDER

So the ordinary @qdrant/js-client-rest talks to it. One process must hold the data folder; the supervisor sees to that.
"""

import json
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

from problem import Problem
from routes import Routes

# The engine's own release; clients compare it with theirs.
VERSION = {"title": "qdrant - vector search engine", "version": "1.18.0"}
# Between two flushes the write-ahead log grows, and a start after a crash has to read it.
FLUSH_EVERY_SECONDS = 5


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port, routes):
        self.routes = routes
        super().__init__(("127.0.0.1", port), Handler)

    def handle_error(self, request, client_address):
        # A client that hung up is none of ours to report.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body leave as one packet.
    wbufsize = -1
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def answer(self):
        started = time.perf_counter()
        length = int(self.headers.get("content-length") or 0)
        raw = self.rfile.read(length)
        try:
            path = unquote(urlsplit(self.path).path)
            status, reply = 200, self.reply(path, raw)
        except Problem as problem:
            status, reply = problem.status, {"status": {"error": problem.message}}
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            status, reply = 400, {"status": {"error": f"Format error in JSON body: {type(error).__name__}: {error}"}}
        except Exception as error:  # pylint: disable=broad-exception-caught
            # The engine throws nothing finer. It is told to the client and to the log.
            print(f"{self.command} {self.path}: {error}", file=sys.stderr, flush=True)
            status, reply = 500, {"status": {"error": f"Service internal error: {error}"}}
        if "status" in reply:
            reply["time"] = time.perf_counter() - started
        self.send(status, json.dumps(reply).encode())

    def reply(self, path, raw):
        if path == "/":
            return VERSION
        if path in ("/healthz", "/livez", "/readyz"):
            return {"result": f"{path[1:]} check passed", "status": "ok"}
        body = json.loads(raw, parse_constant=refuse_constant) if raw else {}
        return {"result": self.server.routes.answer(self.command, path, body), "status": "ok"}

    def send(self, status, text):
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
        self.wfile.flush()

    do_GET = do_POST = do_PUT = do_DELETE = answer


def refuse_constant(name):
    raise ValueError(f"{name} is no number")


def main(port, folder):
    routes = Routes(folder)
    server = Server(port, routes)
    stopping = threading.Event()

    def flush_now_and_then():
        while not stopping.wait(FLUSH_EVERY_SECONDS):
            try:
                routes.flush()
            except Exception as error:  # pylint: disable=broad-exception-caught
                # The write-ahead log still has everything; a full disk may have room again.
                print(f"flush: {error}", file=sys.stderr, flush=True)

    threading.Thread(target=flush_now_and_then, daemon=True).start()
    # `shutdown` waits for the loop in this thread, so another one has to call it.
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f"listening on {port}, data in {folder}", flush=True)
    server.serve_forever()
    stopping.set()
    server.server_close()
    routes.close()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
