"""The servers that are measured: `capstan serve`, and kube-apiserver with etcd as its peer.

Each runs on loopback with free ports and a directory of its own, and is ended by its process id.
"""

import base64
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[1]
CACHE = pathlib.Path(os.environ.get("CAPSTAN_CACHE", pathlib.Path.home() / ".cache" / "capstan"))
KUBERNETES = "v1.34.2"
TICKS = os.sysconf("SC_CLK_TCK")


def build_dir():
    return pathlib.Path(os.environ.get("CAPSTAN_BUILD_DIR", ROOT / "build" / "release"))


def tool(name):
    """A program of scripts/build-tools, or None."""
    for path in (CACHE / "tools" / KUBERNETES / name, CACHE / "tools" / name / name):
        if path.exists():
            return str(path)
    return shutil.which(name)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def usage(pid):
    """(seconds of CPU so far, resident bytes, peak resident bytes) of a process."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    sizes = [int(re.search(rf"{name}:\s+(\d+) kB", status)[1]) * 1024 for name in ("VmRSS", "VmHWM")]
    return (int(fields[11]) + int(fields[12])) / TICKS, *sizes


class Server:
    """What both have: a directory, processes, and an address with a client certificate."""

    def __init__(self, home):
        self.home = pathlib.Path(home)
        self.home.mkdir(parents=True, exist_ok=True)
        self.processes = []
        self.url = None
        self.kept = threading.local()

    @property
    def credentials(self):
        return {name: str(self.home / f"client-{name}") for name in ("ca", "cert", "key")}

    def spawn(self, command):
        log = open(self.home / (pathlib.Path(command[0]).name + ".log"), "ab")
        process = subprocess.Popen([str(word) for word in command], stdout=log, stderr=log,
                                   stdin=subprocess.DEVNULL, env=dict(os.environ, HOME=str(self.home)))
        log.close()
        self.processes.append(process)
        return process

    def stop(self):
        for process in reversed(self.processes):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        self.processes = []

    def context(self):
        context = ssl.create_default_context(cafile=self.credentials["ca"])
        context.load_cert_chain(self.credentials["cert"], self.credentials["key"])
        return context

    def call(self, method, path, body=None, content="application/json", timeout=60):
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": content}, method=method)
        with urllib.request.urlopen(request, context=self.context(), timeout=timeout) as response:
            return response.read()

    def send(self, method, path, body):
        """The same on a connection that the thread keeps, as client programs do."""
        connection = getattr(self.kept, "connection", None)
        if connection is None:
            address = urllib.parse.urlsplit(self.url)
            connection = http.client.HTTPSConnection(address.hostname, address.port, timeout=60,
                                                     context=self.context())
            self.kept.connection = connection
        data = None if body is None else json.dumps(body)
        connection.request(method, path, data, {"Content-Type": "application/json"})
        response = connection.getresponse()
        text = response.read()
        if response.status >= 300:
            raise RuntimeError(f"{method} {path}: {response.status} {text[:500]}")
        return text

    def is_ready(self):
        try:
            return self.call("GET", "/readyz", timeout=5) == b"ok"
        except (OSError, urllib.error.URLError):
            return False

    def wait_ready(self, seconds, pause):
        deadline = time.monotonic() + seconds
        while not self.is_ready():
            for process in self.processes:
                if process.poll() is not None:
                    raise RuntimeError(f"{process.args[0]} ended; see {self.home}/*.log")
            if time.monotonic() > deadline:
                raise RuntimeError(f"not ready after {seconds} s; see {self.home}/*.log")
            time.sleep(pause)


class Capstan(Server):
    name = "capstan"

    def __init__(self, home, plugins=None):
        super().__init__(home)
        self.plugins = plugins

    @property
    def pid(self):
        return self.processes[0].pid

    def start(self):
        """Gives the milliseconds from the start of the process to the first good /readyz, and what
        the server itself says."""
        data = self.home / "data"
        log = self.home / "capstan.log"
        log.unlink(missing_ok=True)
        command = [build_dir() / "bin" / "capstan", "serve", "--data-dir", data, "--listen", "127.0.0.1:0"]
        if self.plugins is not None:
            config = self.home / "config.yaml"
            config.write_text(json.dumps({"plugins": self.plugins}))
            command += ["--config", config]
        begin = time.monotonic()
        process = self.spawn(command)
        # The line is written once the server is ready; reading a file costs it nothing.
        while not (said := re.search(r"Serving on (\S+) after (\d+) ms", log.read_text())):
            if process.poll() is not None or time.monotonic() - begin > 120:
                raise RuntimeError(f"capstan did not start; see {log}")
            time.sleep(0.001)
        took = (time.monotonic() - begin) * 1000
        self.url = said[1]
        self._read_kubeconfig(data / "admin.kubeconfig")
        self.wait_ready(10, 0.001)
        return took, int(said[2])

    def _read_kubeconfig(self, path):
        text = path.read_text()
        for name, field in (("ca", "certificate-authority-data"), ("cert", "client-certificate-data"),
                            ("key", "client-key-data")):
            found = re.search(rf'"?{field}"?:\s*"?([A-Za-z0-9+/=]+)', text)
            (self.home / f"client-{name}").write_bytes(base64.b64decode(found[1]))


class Peer(Server):
    """kube-apiserver with etcd as a cluster has them: TLS, client certificates, RBAC, synced writes."""

    name = "kube-apiserver"

    def start(self):
        etcd_port, peer_port, port = free_port(), free_port(), free_port()
        self._make_certificates()
        begin = time.monotonic()
        self.spawn([tool("etcd"), "--data-dir", self.home / "etcd",
                    "--listen-client-urls", f"http://127.0.0.1:{etcd_port}",
                    "--advertise-client-urls", f"http://127.0.0.1:{etcd_port}",
                    "--listen-peer-urls", f"http://127.0.0.1:{peer_port}",
                    "--initial-advertise-peer-urls", f"http://127.0.0.1:{peer_port}",
                    "--initial-cluster", f"default=http://127.0.0.1:{peer_port}"])
        self.spawn([tool("kube-apiserver"), f"--etcd-servers=http://127.0.0.1:{etcd_port}",
                    "--bind-address=127.0.0.1", f"--secure-port={port}",
                    "--service-cluster-ip-range=10.0.0.0/24", "--authorization-mode=RBAC",
                    f"--client-ca-file={self.home}/client-ca",
                    f"--tls-cert-file={self.home}/server.crt",
                    f"--tls-private-key-file={self.home}/server.key",
                    f"--service-account-key-file={self.home}/server.crt",
                    f"--service-account-signing-key-file={self.home}/server.key",
                    "--service-account-issuer=https://localhost",
                    "--disable-admission-plugins=ServiceAccount"])
        self.url = f"https://127.0.0.1:{port}"
        self.wait_ready(180, 0.05)
        return (time.monotonic() - begin) * 1000

    def _make_certificates(self):
        def openssl(*words):
            subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)
        home = self.home
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        openssl("req", "-x509", *curve, "-keyout", home / "ca.key", "-out", home / "client-ca",
                "-subj", "/CN=bench", "-days", "2")
        for name, subject, key, cert in (("server", "/CN=localhost", "server.key", "server.crt"),
                                         ("client", "/O=system:masters/CN=bench", "client-key", "client-cert")):
            extensions = home / f"{name}.ext"
            extensions.write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
            openssl("req", "-new", *curve, "-keyout", home / key, "-out", home / f"{name}.csr",
                    "-subj", subject)
            openssl("x509", "-req", "-in", home / f"{name}.csr", "-CA", home / "client-ca",
                    "-CAkey", home / "ca.key", "-CAcreateserial", "-out", home / cert, "-days", "2",
                    "-extfile", extensions)


class Workspace:
    """A directory that goes with the run, and its servers with it."""

    def __enter__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="capstan-bench-"))
        self.servers = []
        return self

    def add(self, server):
        self.servers.append(server)
        return server

    def __exit__(self, failed, *_):
        for server in self.servers:
            server.stop()
        if failed:
            print(f"bench: what was written is left in {self.path}", file=sys.stderr)
        else:
            shutil.rmtree(self.path, ignore_errors=True)
