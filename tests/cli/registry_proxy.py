#!/usr/bin/env python3
"""registry_proxy.py UPSTREAM DIRECTORY: stands before a real registry on loopback, asks for bearer tokens and spoils answers.

UPSTREAM is the registry's HOST:PORT. DIRECTORY/address gets our own place once we listen; DIRECTORY/other that of a second port, the
other host to which "redirect" sends. DIRECTORY/requests gets a line for each request: PORT METHOD PATH AUTHORIZATION RANGE.
DIRECTORY/fault holds what is wrong at present: a word and how often (once more for each request that it spoils):

  busy N            429 with Retry-After: 1            server-error N    503
  reset N           blobs break off, with a reset      short N           blobs break off, with an orderly end
  longer N          a blob of one byte more            wrong-bytes N     one byte of a blob is another
  wrong-manifest N  one byte of a manifest is another  redirect N        blobs are at the other port; here a token is needed
  slow N            a blob's bytes come one a second   endless-token N   the token server's answer does not end
  bearer N          no fault: requests need a token    wrong-range N     the rest of a blob from another byte on
"""
import base64
import http.client
import http.server
import json
import os
import socket
import struct
import sys
import threading
import time
import urllib.parse

upstream, directory = sys.argv[1], sys.argv[2]
lock = threading.Lock()
TOKEN = "token-of-the-tests"


def spend(*kinds):
    """The present fault, if it is one of `kinds` and not used up; counts it down."""
    with lock:
        try:
            with open(directory + "/fault") as file:
                word, count = file.read().split()
        except (FileNotFoundError, ValueError):
            return None
        if word not in kinds or int(count) < 1:
            return None
        with open(directory + "/fault.new", "w") as file:
            file.write(f"{word} {int(count) - 1}")
        os.rename(directory + "/fault.new", directory + "/fault")
        return word


def present():
    try:
        with open(directory + "/fault") as file:
            return file.read().split()[0]
    except (FileNotFoundError, IndexError):
        return None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def note(self):
        with lock, open(directory + "/requests", "a") as file:
            words = (self.server.server_port, self.command, self.path, self.headers.get("Authorization", "-").replace(" ", "_"),
                     self.headers.get("Range", "-"))
            print(*words, file=file)

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def break_off(self, hard):
        self.close_connection = True
        self.wfile.flush()
        if hard:  # a reset instead of an end
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def token(self):
        if spend("endless-token"):
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            piece = b" " * 65536
            try:
                while True:
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            except OSError:
                self.close_connection = True
            return
        user = base64.b64decode(self.headers.get("Authorization", "Basic ").partition(" ")[2]).decode()
        if user not in ("", "reader:secret"):
            return self.answer(401)
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        if query.get("service") != ["tests"] or not query.get("scope", [""])[0].startswith("repository:"):
            return self.answer(400)
        if user == "" and query["scope"][0].startswith("repository:private/"):
            return self.answer(401)
        self.answer(200, json.dumps({"token": TOKEN, "expires_in": 300}).encode(), Content_Type="application/json")

    def handle_any(self):
        self.note()
        if self.path.startswith("/token?"):
            return self.token()
        is_blob = "/blobs/" in self.path and self.command == "GET"
        if self.server is not other and present() in ("bearer", "endless-token", "redirect") and self.headers.get("Authorization") != "Bearer " + TOKEN:
            realm = f'Bearer realm="http://127.0.0.1:{self.server.server_port}/token",service="tests"'
            return self.answer(401, WWW_Authenticate=realm)
        if spend("busy"):
            return self.answer(429, Retry_After="1")
        if spend("server-error"):
            return self.answer(503)
        if is_blob and self.server is not other and spend("redirect"):
            return self.answer(307, Location=f"http://127.0.0.1:{other.server_port}{self.path}")
        self.forward(is_blob)

    def forward(self, is_blob):
        connection = http.client.HTTPConnection(upstream)
        length = int(self.headers.get("Content-Length", 0))
        headers = {name: value for name, value in self.headers.items() if name in ("Accept", "Range", "Content-Type")}
        connection.request(self.command, self.path, self.rfile.read(length) if length else None, headers)
        reply = connection.getresponse()
        body = bytearray(reply.read())
        announced = len(body) if self.command != "HEAD" else int(reply.headers.get("Content-Length", 0))
        fault = cut = None
        if reply.status in (200, 206) and is_blob and len(body) > 4096:
            fault = spend("reset", "short", "longer", "wrong-bytes", "slow", "wrong-range")
        if reply.status == 200 and "/manifests/" in self.path and self.command == "GET" and spend("wrong-manifest"):
            body[-2] ^= 1
        if fault in ("reset", "short"):
            cut = len(body) // 2
        if fault == "wrong-bytes":
            body[len(body) // 2] ^= 1
        if fault == "longer":
            body += b"!"
            announced += 1
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            if name.lower() not in ("content-length", "transfer-encoding", "connection", "date", "content-range"):
                self.send_header(name, value.replace(upstream, f"127.0.0.1:{self.server.server_port}"))
        if reply.headers.get("Content-Range"):
            text = reply.headers["Content-Range"]
            if fault == "wrong-range":
                first, _, rest = text.partition("-")
                text = f"bytes {int(first.split()[1]) - 1}-{rest}"
            self.send_header("Content-Range", text)
        self.send_header("Content-Length", str(announced))
        self.end_headers()
        if self.command == "HEAD":
            return
        if fault == "slow":
            for byte in body:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(1)
        self.wfile.write(body[:cut])
        if cut is not None:
            self.break_off(fault == "reset")

    def do_GET(self):
        try:
            self.handle_any()
        except OSError:  # the client went
            self.close_connection = True

    do_HEAD = do_POST = do_PUT = do_PATCH = do_GET


http.server.ThreadingHTTPServer.daemon_threads = True
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
other = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=other.serve_forever, daemon=True).start()
for name, place in (("other", other), ("address", server)):
    with open(directory + "/" + name + ".new", "w") as file:
        file.write(f"127.0.0.1:{place.server_port}")
    os.rename(directory + "/" + name + ".new", directory + "/" + name)
server.serve_forever()
