"""Stands between a client and an API server, and makes trouble at random, by seed, when it is told to.

Usage: fault-proxy.py SERVER-PORT SERVER-CA FOLDER SEED

FOLDER/tls.pem is its certificate with its key; it writes its port into FOLDER/port. While FOLDER/trouble holds a number
between 0 and 1, that share of the requests goes wrong: refused with 409, 429, 500 or 503, slow, cut off before the server
has heard them or after it has done what they ask. Watches are cut off after a while. SIGHUP reads the certificate again
and cuts everybody off.
"""

import http.client
import http.server
import json
import os
import random
import signal
import socket
import ssl
import sys
import threading
import time

server_port, server_ca, folder, seed = int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
chance = random.Random(seed)
connections = set()
guard = threading.Lock()
REASONS = {409: "Conflict", 429: "TooManyRequests", 500: "InternalError", 503: "ServiceUnavailable"}


def trouble():
    try:
        with open(f"{folder}/trouble") as file:
            return float(file.read() or 0)
    except (OSError, ValueError):
        return 0.0


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 600

    def setup(self):
        self.request.settimeout(30)
        self.request.do_handshake()
        with guard:
            connections.add(self.request)
        super().setup()

    def finish(self):
        with guard:
            connections.discard(self.request)
        super().finish()

    def log_message(self, *words):
        pass

    def pass_on(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        share = trouble()
        is_watch = "watch=true" in self.path
        with guard:
            fault = chance.choice(["refuse", "refuse", "slow", "deaf", "mute"]) if chance.random() < share else ""
            wait, patience = chance.random() * 1.5, chance.random() * 4
            code = chance.choice([429, 500, 503] + ([409, 409] if self.command in ("PUT", "PATCH") else []))
        if fault == "slow":
            time.sleep(wait)
        elif fault == "refuse" and not is_watch:
            return self.refuse(code)
        elif fault == "deaf":
            return self.cut()
        upstream = http.client.HTTPSConnection(
            "127.0.0.1", server_port, context=ssl.create_default_context(cafile=server_ca), timeout=600
        )
        try:
            headers = {key: value for key, value in self.headers.items() if key.lower() not in ("host", "connection")}
            upstream.request(self.command, self.path, body or None, headers)
            response = upstream.getresponse()
            if fault == "mute" and not is_watch:
                response.read()
                return self.cut()
            end = time.monotonic() + patience if share and is_watch else None
            self.answer(response, end)
        except OSError:
            self.cut()
        finally:
            upstream.close()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = pass_on

    def refuse(self, code):
        status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code}
        status |= {"reason": REASONS[code], "message": "a fault on purpose"}
        text = json.dumps(status).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        if code in (429, 503):
            self.send_header("Retry-After", "1")
        self.end_headers()
        self.wfile.write(text)

    def cut(self):
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def answer(self, response, end):
        self.send_response_only(response.status, response.reason)
        length = response.getheader("Content-Length")
        for key, value in response.getheaders():
            if key.lower() not in ("connection", "transfer-encoding", "content-length"):
                self.send_header(key, value)
        if length is None:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", length)
        self.end_headers()
        while piece := response.read1(65536):
            if end is not None and time.monotonic() > end:
                return self.cut()
            self.wfile.write(piece if length is not None else b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.flush()
        if length is None:
            self.wfile.write(b"0\r\n\r\n")


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, address):
        pass

    def get_request(self):
        connection, address = super().get_request()
        return context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address


def load(*_):
    global context
    fresh = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    fresh.load_cert_chain(f"{folder}/tls.pem")
    context = fresh
    with guard:
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


load()
signal.signal(signal.SIGHUP, load)
server = Server(("127.0.0.1", 0), Handler)
with open(f"{folder}/port.new", "w") as file:
    file.write(str(server.server_address[1]))
os.rename(f"{folder}/port.new", f"{folder}/port")
server.serve_forever()
