"""The API server of tests/api on a free port with a folder of its own, and ways to talk to it: real
kubectl with a private HOME, and plain HTTPS.
"""

import base64
import http.client
import json
import os
import pathlib
import shutil
import ssl
import subprocess
import tempfile
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CAPSTAN_BUILD_DIR", ROOT / "build" / "dev"))
SERVER = BUILD / "bin" / "capstan_api_test_server"

SKIPPED = 77  # what ctest takes for "not run here"


def find_kubectl():
    """$KUBECTL, or kubectl from PATH; None where there is none."""
    return os.environ.get("KUBECTL") or shutil.which("kubectl")


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.text = response.read().decode()

    @property
    def json(self):
        return json.loads(self.text)


class ApiTestServer:
    """with ApiTestServer() as server: server.kubectl("get", "ns")"""

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="capstan-api-test-"))
        self.log = open(self.folder / "log", "wb")
        self.process = subprocess.Popen([str(SERVER), str(self.folder / "data")],
                                        stdout=subprocess.PIPE, stderr=self.log, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("listening on "):
            raise RuntimeError(f"the server did not start: {line!r} "
                               f"{(self.folder / 'log').read_text()}")
        self.url = urllib.parse.urlparse(line.split()[-1])
        self.kubeconfig = self.folder / "data" / "admin.kubeconfig"
        self.environment = dict(os.environ, HOME=str(self.folder), KUBECONFIG=str(self.kubeconfig))
        pki = self.folder / "data" / "pki"
        self.tls = ssl.create_default_context(cafile=pki / "ca.crt")
        self.tls.load_cert_chain(pki / "admin.crt", pki / "admin.key")
        self.anonymous_tls = ssl.create_default_context(cafile=pki / "ca.crt")
        return self

    def __exit__(self, *_):
        self.stop()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def stop(self):
        """Ends the server as a service manager would; gives its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        code = self.process.wait(timeout=30)
        self.process.stdout.close()
        return code

    def kubectl(self, *arguments, stdin=None, check=True, environment=None, timeout=60):
        done = subprocess.run([find_kubectl(), *arguments], input=stdin, capture_output=True,
                              text=True, timeout=timeout,
                              env=dict(self.environment, **(environment or {})))
        if check and done.returncode != 0:
            raise AssertionError(f"kubectl {' '.join(arguments)} exited with {done.returncode}\n"
                                 f"{done.stdout}{done.stderr}")
        return done

    def get_json(self, *arguments):
        return json.loads(self.kubectl("get", *arguments, "-o", "json").stdout)

    def connection(self, anonymous=False, timeout=30):
        return http.client.HTTPSConnection(
            self.url.hostname, self.url.port, timeout=timeout,
            context=self.anonymous_tls if anonymous else self.tls)

    def request(self, method, path, body=None, headers=None, anonymous=False):
        """`body` that is no str or bytes is sent as JSON."""
        connection = self.connection(anonymous)
        headers = dict(headers or {})
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        connection.request(method, path, body, headers)
        answer = Answer(connection.getresponse())
        connection.close()
        return answer


class Watch:
    """The events of a watch, one after the other."""

    def __init__(self, server, path, headers=None):
        self.connection = server.connection()
        self.connection.request("GET", path, headers=headers or {})
        self.response = self.connection.getresponse()
        self.status = self.response.status

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def next(self):
        """The next event, or None where the watch has ended."""
        line = self.response.readline()
        return json.loads(line) if line else None

    def close(self):
        self.response.close()
        self.connection.close()


def decode_base64(text):
    return base64.b64decode(text).decode()
