"""Many pretended clusters at once: they all come up, cost little while nothing happens, survive a
kill and go again. CAPSTAN_FLEET says how many (200), CAPSTAN_FLEET_DELAYS=shipped takes the
template's delays instead of none."""

import base64
import concurrent.futures
import http.client
import json
import os
import pathlib
import ssl
import threading
import time
import unittest
import urllib.parse

from capstan_server import Server, condition, eventually

CLUSTERS = int(os.environ.get("CAPSTAN_FLEET", "200"))
SHIPPED_DELAYS = os.environ.get("CAPSTAN_FLEET_DELAYS") == "shipped"
NO_DELAYS = {"VM_STARTUP": "0s", "NODE_STARTUP": "0s", "API_SERVER_STARTUP": "0s",
             "ETCD_STARTUP": "0s"}
LIMIT = 120 + CLUSTERS * 3  # seconds, for a slow machine and a debug build
TEMPLATE_NAME = "fleet-template"


class Usage:
    """What a process has used so far."""

    def __init__(self, pid):
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        ticks = os.sysconf("SC_CLK_TCK")
        self.cpu_seconds = (int(fields[11]) + int(fields[12])) / ticks
        self.resident_mib = int(fields[21]) * os.sysconf("SC_PAGE_SIZE") / 2**20


class Client:
    """Requests to the server by many threads, each with a connection of its own: kubectl slows
    itself down."""

    def __init__(self, server):
        config = json.loads(server.kubectl("config", "view", "--raw", "-o", "json").stdout)
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        decode = lambda text: base64.b64decode(text).decode()
        self.url = urllib.parse.urlsplit(cluster["server"])
        self.tls = ssl.create_default_context(
            cadata=decode(cluster["certificate-authority-data"]))
        pair = server.home / "client.pem"
        pair.write_text(decode(user["client-certificate-data"]) + "\n" +
                        decode(user["client-key-data"]))
        self.tls.load_cert_chain(pair)
        self.local = threading.local()
        self.connections = []

    def close(self):
        for connection in self.connections:
            connection.close()

    def post(self, path, item):
        if not hasattr(self.local, "connection"):
            self.local.connection = http.client.HTTPSConnection(
                self.url.hostname, self.url.port, context=self.tls, timeout=60)
            self.connections.append(self.local.connection)
        self.local.connection.request("POST", path, json.dumps(item),
                                      {"Content-Type": "application/json"})
        answer = self.local.connection.getresponse()
        body = answer.read().decode()
        if answer.status != 201:
            raise AssertionError(f"POST {path}: {answer.status} {body}")


def documents(text):
    """The objects of JSON documents that follow one another."""
    decoder, at, found = json.JSONDecoder(), 0, []
    while text[at:].strip():
        at += len(text[at:]) - len(text[at:].lstrip())
        item, at = decoder.raw_decode(text, at)
        found += item.get("items", [item])
    return found


def path_of(item):
    return f"/apis/{item['apiVersion']}/namespaces/default/{item['kind'].lower()}s"


class FleetTest(unittest.TestCase):
    def usage(self):
        return Usage(self.server.process.pid)

    def available(self):
        return sum(condition(c, "Available") == "True" for c in self.server.get("clusters"))

    def report(self, what, started, before):
        now = self.usage()
        cpu = now.cpu_seconds - before.cpu_seconds
        print(f"{what}: {time.monotonic() - started:.1f} s, {cpu:.1f} CPU-s "
              f"({cpu / CLUSTERS:.3f} a cluster), {now.resident_mib:.0f} MiB", flush=True)

    def test_a_fleet_comes_up_rests_survives_a_kill_and_goes(self):
        with Server() as self.server:
            delays = {} if SHIPPED_DELAYS else NO_DELAYS
            manifest = self.server.generate(TEMPLATE_NAME, workers=1, **delays)
            template = self.server.kubectl("create", "--dry-run=client", "--validate=false",
                                           "-o", "json", "-f", "-", stdin=manifest).stdout
            client = Client(self.server)

            def create(i):
                for item in documents(template.replace(TEMPLATE_NAME, f"fleet-{i}")):
                    client.post(path_of(item), item)

            started, before = time.monotonic(), self.usage()
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                list(pool.map(create, range(CLUSTERS)))
            client.close()
            self.report("applied", started, before)
            eventually(lambda: self.available() == CLUSTERS, LIMIT,
                       f"{CLUSTERS} clusters are Available", pause=1)
            self.report("available", started, before)
            self.rest()
            self.survive_a_kill()
            started, before = time.monotonic(), self.usage()
            self.server.kubectl("delete", "clusters", "--all", "--wait=false", timeout=LIMIT)
            eventually(lambda: not self.server.get("clusters"), LIMIT, "all clusters are gone",
                       pause=0.5)
            self.report("deleted", started, before)
            for kind in ("machines", "devmachines", "devclusters"):
                self.assertEqual(self.server.get(kind), [], kind)

    def rest(self):
        started, before = time.monotonic(), self.usage()
        time.sleep(10)  # what is measured is how little happens meanwhile
        self.report("at rest", started, before)

    def survive_a_kill(self):
        ports = self.ports()
        self.assertEqual(len(set(ports.values())), CLUSTERS, "one port each")
        self.server.kill()
        started = time.monotonic()
        self.server.start()
        before = self.usage()
        eventually(lambda: self.available() == CLUSTERS, LIMIT, "all are Available again", pause=1)
        self.report("available after a kill", started, before)
        self.assertEqual(self.ports(), ports)

    def ports(self):
        return {c["metadata"]["name"]: c["spec"]["controlPlaneEndpoint"]["port"]
                for c in self.server.get("devclusters")}


if __name__ == "__main__":
    unittest.main(verbosity=2)
