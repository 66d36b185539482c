"""A cluster of containers comes up and goes although its engine is slow, fails and loses replies:
nothing is made twice, and nothing is left.

CAPSTAN_CHAOS_PERCENT of requests go wrong (12); CAPSTAN_CHAOS_WORKERS workers (1); CAPSTAN_SEED.
"""

import collections
import os
import pathlib
import random
import tempfile
import threading
import time
import socket
import socketserver
import unittest

from docker_engine import VERSION, skip_unless_possible
from docker_test_case import UP, DockerTestCase, state_on_failure

ENGINE = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://")
PERCENT = int(os.environ.get("CAPSTAN_CHAOS_PERCENT", "12"))
WORKERS = int(os.environ.get("CAPSTAN_CHAOS_WORKERS", "1"))
FAULTS = ["delay", "error", "cut_before", "cut_after"]
REFUSAL = b'{"message":"a fault of the test"}'


def pump(source, sink):
    """Bytes in one direction until the source ends."""
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    try:
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


class Request:
    """The head of a request, and the body where its length is known."""

    def __init__(self, connection):
        self.data = b""
        while b"\r\n\r\n" not in self.data:
            more = connection.recv(65536)
            if not more:
                return
            self.data += more
        head, self.data = self.data.split(b"\r\n\r\n", 1)
        self.first, *fields = head.decode("latin-1").split("\r\n")
        self.fields = dict(field.split(": ", 1) for field in fields if ": " in field)
        wanted = int({key.lower(): value for key, value in self.fields.items()}.get(
            "content-length", 0))
        while len(self.data) < wanted:
            more = connection.recv(65536)
            if not more:
                break
            self.data += more

    @property
    def empty(self):
        return not hasattr(self, "first")

    def bytes(self):
        """One request a connection, so that each meets its own fate; streams stay as they are."""
        fields = {key: value for key, value in self.fields.items() if key.lower() != "connection"
                  or "upgrade" in value.lower()}
        if len(fields) < len(self.fields) or not any(key.lower() == "connection" for key in fields):
            fields["Connection"] = "close"
        head = "\r\n".join([self.first] + [f"{key}: {value}" for key, value in fields.items()])
        return head.encode("latin-1") + b"\r\n\r\n" + self.data


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        request = Request(self.request)
        if request.empty:
            return
        fault = self.server.fault(request.first)
        if fault == "delay":
            time.sleep(self.server.dice.uniform(0.2, 2))  # the fault itself
        if fault == "error":
            self.request.sendall(b"HTTP/1.1 500 Internal Server Error\r\nConnection: close\r\n"
                                 b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                                 % (len(REFUSAL), REFUSAL))
            return
        if fault != "cut_before":
            self.forward(request, lose_reply=fault == "cut_after")

    def forward(self, request, lose_reply):
        with socket.socket(socket.AF_UNIX) as engine:
            engine.connect(ENGINE)
            engine.sendall(request.bytes())
            if lose_reply:
                engine.recv(1)  # it has been done
                return
            back = threading.Thread(target=pump, args=(engine, self.request), daemon=True)
            back.start()
            pump(self.request, engine)
            back.join()


class FaultyEngine(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """with FaultyEngine(dice) as engine: engine.host"""

    daemon_threads = True
    block_on_close = False

    def __init__(self, dice):
        self.folder = tempfile.TemporaryDirectory(prefix="capstan-engine-")
        path = str(pathlib.Path(self.folder.name) / "engine.sock")
        super().__init__(path, Handler)
        self.host = f"unix://{path}"
        self.dice = dice
        self.lock = threading.Lock()
        self.faults = collections.Counter()
        self.requests = 0

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()
        self.folder.cleanup()

    def fault(self, _request):
        with self.lock:
            self.requests += 1
            if self.dice.uniform(0, 100) >= PERCENT:
                return None
            fault = self.dice.choice(FAULTS)
            self.faults[fault] += 1
            return fault

    def handle_error(self, *_):
        """A client that went away is no news."""


class DockerChaosTest(DockerTestCase):
    @state_on_failure
    def test_a_cluster_comes_up_and_goes_with_an_engine_that_fails_and_loses_replies(self):
        seed = int(os.environ.get("CAPSTAN_SEED", time.time()))
        print(f"CAPSTAN_SEED={seed}", flush=True)
        name = "e2e-chaos"
        engine = self.enterContext(FaultyEngine(random.Random(seed)))
        self.serve(name, host=engine.host)
        self.give_pod_network()
        self.server.apply(self.server.generate(name, "docker", flavor="development",
                                               version=VERSION, workers=WORKERS))
        self.wait_available(name, 2 * UP)
        self.wait_nodes(self.workload(name), 1 + WORKERS)
        self.expect_nothing_twice(name)
        self.delete(name)
        print(f"{engine.requests} requests, faults {dict(engine.faults)}", flush=True)
        self.assertEqual(set(engine.faults), set(FAULTS), "each kind of fault has happened")


if __name__ == "__main__":
    skip_unless_possible()
    unittest.main(verbosity=2)
