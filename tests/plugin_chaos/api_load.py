"""What goes on in the server while its plugins suffer, each in a process of its own so that nothing
but the server is measured: changes of objects at a steady rate, and an unrelated call that is timed."""

import base64
import http.client
import json
import pathlib
import random
import ssl
import tempfile
import time
import urllib.parse

import yaml


class Api:
    """One connection with the administrator's certificate."""

    def __init__(self, kubeconfig):
        config = yaml.safe_load(pathlib.Path(kubeconfig).read_text())
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        self._address = urllib.parse.urlsplit(cluster["server"]).netloc
        decoded = {name: base64.b64decode(part[f"{name}-data"]).decode() for part, names in
                   ((cluster, ["certificate-authority"]), (user, ["client-certificate", "client-key"]))
                   for name in names}
        self._tls = ssl.create_default_context(cadata=decoded["certificate-authority"])
        with tempfile.NamedTemporaryFile("w") as pair:
            pair.write(decoded["client-certificate"] + decoded["client-key"])
            pair.flush()
            self._tls.load_cert_chain(pair.name)
        self._connection = http.client.HTTPSConnection(self._address, context=self._tls, timeout=60)

    def call(self, method, path, body=None, content_type="application/json", **headers):
        """(status, body)"""
        text = None if body is None else json.dumps(body)
        self._connection.request(method, path, text, {"Content-Type": content_type, **headers})
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def close(self):
        self._connection.close()

    def merge(self, path, patch):
        status, answer = self.call("PATCH", path, patch, "application/merge-patch+json")
        if status >= 300:
            raise AssertionError(f"PATCH {path}: {status} {answer[:300]}")


COLLECTION = "/apis/test.capstan.dev/v1/namespaces/default"
CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"


def change_objects(kubeconfig, counts, per_second, seed, stop):
    """counts: plural -> how many objects there are, named o0, o1, ..."""
    api, chosen = Api(kubeconfig), random.Random(seed)
    objects = [(plural, number) for plural, count in counts.items() for number in range(count)]
    value, due = 0, time.monotonic()
    while not stop.is_set():
        plural, number = chosen.choice(objects)
        value += 1
        api.merge(f"{COLLECTION}/{plural}/o{number}", {"spec": {"value": value}})
        due += 1 / per_second
        time.sleep(max(0, due - time.monotonic()))


def time_calls(kubeconfig, per_second, stop, out):
    """Reads and writes a ConfigMap in turn; a line "START SECONDS" for each call goes to `out`."""
    api = Api(kubeconfig)
    api.call("POST", CONFIG_MAPS, {"metadata": {"name": "unrelated"}, "data": {"a": "b" * 1000}})
    path, number, due = f"{CONFIG_MAPS}/unrelated", 0, time.monotonic()
    with open(out, "w", encoding="ascii") as lines:
        while not stop.is_set():
            begin = time.monotonic()
            if number % 2:
                api.merge(path, {"data": {"number": str(number)}})
            else:
                api.call("GET", path)
            print(begin, time.monotonic() - begin, file=lines)
            number += 1
            due += 1 / per_second
            time.sleep(max(0, due - time.monotonic()))
