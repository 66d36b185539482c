"""What is wrong with what people, files and programs hand to Capstan: each mistake gets one clear
error, and nothing that was stored before is lost. Needs no container engine.
"""

import http.server
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import socketserver
import sqlite3
import subprocess
import tempfile
import threading
import time
import unittest

from capstan_server import BUILD, CAPSTAN, Server, condition, eventually, run

ENGINE_ABSENT = """\
plugins:
- kubeadm
- name: docker
  settings: {host: "unix:///nonexistent.sock"}
"""
KEPT = """\
apiVersion: cluster.x-k8s.io/v1beta2
kind: Cluster
metadata: {name: kept, labels: {shop: fruit}}
spec: {paused: true}
"""
LOST_WORKERS = """\
apiVersion: cluster.x-k8s.io/v1beta2
kind: MachineDeployment
metadata: {name: lost}
spec:
  clusterName: lost
  replicas: 1
  template:
    spec:
      clusterName: lost
      version: v1.34.2
      bootstrap:
        configRef:
          {apiGroup: bootstrap.cluster.x-k8s.io, kind: KubeadmConfigTemplate, name: nobody}
      infrastructureRef:
        {apiGroup: infrastructure.cluster.x-k8s.io, kind: DevMachineTemplate, name: nobody}
"""
CONTROL_PLANE = """\
apiVersion: controlplane.cluster.x-k8s.io/v1beta2
kind: KubeadmControlPlane
metadata: {name: plane}
spec:
  replicas: %s
  version: %s
  machineTemplate:
    spec:
      infrastructureRef:
        {apiGroup: infrastructure.cluster.x-k8s.io, kind: DevMachineTemplate, name: any}
"""
# Commands and what has its own --help.
COMMANDS = [["serve"], ["init"], ["generate", "cluster"], ["describe", "cluster"],
            ["get", "kubeconfig"], ["get", "providers"], ["delete"], ["version"], ["completion"],
            *(["plugin", verb] for verb in ("pack", "install", "remove", "list", "inspect",
                                            "verify", "sign", "keygen", "doctor"))]


def cluster(name, **spec):
    lines = [f"  {key}: {value}" for key, value in spec.items()]
    return "\n".join(["apiVersion: cluster.x-k8s.io/v1beta2", "kind: Cluster",
                      f"metadata: {{name: {name}}}", "spec:", *lines]) + "\n"


def condition_message(item, kind):
    for entry in (item or {}).get("status", {}).get("conditions", []):
        if entry["type"] == kind:
            return entry.get("message", "")
    return ""


class ManifestsTest(unittest.TestCase):
    """Against one server whose container engine is absent."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server(config=ENGINE_ABSENT).start()
        cls.server.apply(KEPT)

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()

    def tearDown(self):
        kept = self.server.get("cluster", "kept")
        self.assertEqual(kept["metadata"]["labels"], {"shop": "fruit"})
        self.assertIsNone(self.server.process.poll(), self.server.log())

    def refused(self, manifest, *words):
        done = self.server.kubectl("apply", "--validate=strict", "-f", "-", stdin=manifest,
                                   check=False)
        self.assertEqual(done.returncode, 1, done.stdout)
        for word in words:
            self.assertIn(word, done.stderr)

    def test_malformed_yaml_and_json_are_refused(self):
        self.refused("kind: [", "error")
        self.refused('{"kind": "Cluster"', "error")

    def test_a_body_that_is_no_json_is_named_as_such_by_the_server_itself(self):
        path = "/apis/cluster.x-k8s.io/v1beta2/namespaces/default/clusters"
        for body in ('{"kind": "Cluster"', "[]", '"text"', "", '{"metadata": 7}', "\x00\xff"):
            with self.subTest(body=body):
                done = self.server.kubectl("create", "--raw", path, "-f", "-", stdin=body,
                                           check=False)
                self.assertEqual(done.returncode, 1, done.stdout)
                self.assertRegex(done.stderr, r"(?i)error|badrequest|invalid")

    def test_an_unknown_field_is_named_with_its_path(self):
        self.refused(cluster("c", colour="red"), 'unknown field "spec.colour"')

    def test_a_wrong_type_is_named_with_its_path(self):
        self.refused(cluster("c", paused='"perhaps"'), "spec.paused", "boolean")

    def test_an_unknown_version_and_kind_are_named(self):
        self.refused(cluster("c", paused="true").replace("v1beta2", "v9"), "v9")
        self.refused(cluster("c", paused="true").replace("kind: Cluster", "kind: Klaster"),
                     "Klaster")

    def test_a_name_that_no_dns_has_is_refused(self):
        self.refused(cluster("Not_A_Name", paused="true"), "metadata.name", "Not_A_Name")

    def test_a_control_plane_that_cannot_be_is_refused_with_its_field_once(self):
        self.refused(CONTROL_PLANE % (2, "v1.34.2"), "spec.replicas: must be odd")
        self.refused(CONTROL_PLANE % (0, "v1.34.2"), "spec.replicas: must be at least 1")
        self.refused(CONTROL_PLANE % (1, "latest"), "spec.version: ", "latest", "v1.34.2")

    def test_a_cluster_of_a_ClusterClass_is_refused_with_what_to_write_instead(self):
        self.refused(cluster("c", topology="{classRef: {name: quick-start}, version: v1.34.2}"),
                     "spec.topology", "ClusterClass", "infrastructureRef", "controlPlaneRef")

    def test_a_namespace_that_is_not_there_is_named(self):
        self.refused(cluster("c", paused="true").replace("name: c", "name: c, namespace: nowhere"),
                     "nowhere", "not found")

    def test_a_reference_to_nothing_shows_in_a_condition(self):
        self.server.apply(cluster(
            "lost", infrastructureRef="{apiGroup: infrastructure.cluster.x-k8s.io, "
                                      "kind: DevCluster, name: nobody}"))
        eventually(lambda: "DevCluster nobody does not exist" in condition_message(
            self.server.get("cluster", "lost"), "InfrastructureReady"),
            30, "a condition names the missing DevCluster")
        self.server.apply(LOST_WORKERS)
        eventually(lambda: "KubeadmConfigTemplate nobody, which spec.template.spec.bootstrap.configRef"
                   in condition_message(self.server.get("machinedeployment", "lost"), "ScalingUp"),
                   30, "a condition of the MachineDeployment names the missing template")
        self.server.kubectl("delete", "cluster", "lost", "--timeout=30s")

    def test_a_kind_that_is_not_known_shows_in_a_condition_or_the_refusal(self):
        done = self.server.kubectl("apply", "-f", "-", check=False, stdin=cluster(
            "odd", infrastructureRef="{apiGroup: example.com, kind: Nothing, name: nil}"))
        if done.returncode != 0:
            self.assertIn("Nothing", done.stderr)
            return
        eventually(lambda: "Nothing" in condition_message(self.server.get("cluster", "odd"),
                                                          "InfrastructureReady"),
                   30, "a condition names the kind")
        # What is not known cannot be told to be gone: the reason is said until somebody corrects it.
        self.server.kubectl("delete", "cluster", "odd", "--wait=false")
        eventually(lambda: "Nothing" in condition_message(self.server.get("cluster", "odd"),
                                                          "Deleting"),
                   30, "the deletion names the kind")
        self.server.kubectl("patch", "cluster", "odd", "--type=merge", "-p",
                            '{"spec":{"infrastructureRef":{"apiGroup":"infrastructure.cluster.x-k8s.io",'
                            '"kind":"DevCluster","name":"nobody"}}}')
        self.server.kubectl("wait", "--for=delete", "cluster/odd", "--timeout=30s")

    def test_an_engine_that_is_not_there_is_named_by_the_cluster_that_needs_it(self):
        self.server.apply(self.server.generate("noengine", "docker", flavor="development"))
        def told():
            item = self.server.get("devcluster", "noengine")
            return any("/nonexistent.sock" in entry.get("message", "")
                       for entry in (item or {}).get("status", {}).get("conditions", []))
        eventually(told, 30, "a condition of the DevCluster names the socket")
        tree = self.server.capstan("describe", "cluster", "noengine").stdout
        self.assertIn("DevCluster", tree)
        # With nothing made there is nothing that only the engine could remove.
        self.server.kubectl("delete", "cluster", "noengine", "--timeout=60s", "--wait=false")


class EngineWithoutImages(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """As much of a Docker Engine as it takes to say that an image is nowhere to be had."""

    daemon_threads = True

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        networks = []

        def answer(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            path = re.sub(r"^/v[0-9.]+", "", self.path.split("?")[0])
            code, reply = 200, []
            if path == "/version":
                reply = {"ApiVersion": "1.41", "MinAPIVersion": "1.12", "Version": "20.10.0"}
            elif path == "/networks/create":
                name = json.loads(body)["Name"]
                self.networks.append({"Name": name, "Id": "n1", "Driver": "bridge", "IPAM": {
                    "Config": [{"Subnet": "172.30.0.0/16"}]}, "Containers": {}, "Labels": {}})
                code, reply = 201, {"Id": "n1"}
            elif path == "/networks":
                reply = self.networks
            elif path.startswith("/networks/") and self.networks:
                reply = self.networks[0]
            elif not path.startswith("/containers/json") and path != "/_ping":
                code, reply = 404, {"message": "manifest unknown: no such image"}
            text = json.dumps(reply).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_DELETE = do_HEAD = answer

        def address_string(self):
            return "client"

        def log_message(self, *_):
            pass


class EngineTest(unittest.TestCase):
    def test_an_image_that_is_nowhere_is_named_by_a_condition(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        engine = self.enterContext(EngineWithoutImages(f"{folder}/engine.sock",
                                                       EngineWithoutImages.Handler))
        threading.Thread(target=engine.serve_forever, daemon=True).start()
        self.addCleanup(engine.shutdown)
        config = ENGINE_ABSENT.replace("/nonexistent.sock", f"{folder}/engine.sock")
        with Server(config=config) as server:
            server.apply(server.generate("noimage", "docker", flavor="development"))
            eventually(lambda: any(
                "capstan/load-balancer:v1" in entry.get("message", "") and
                entry["reason"] == "ImagePullFailed"
                for entry in server.get("devcluster", "noimage").get("status", {}).get(
                    "conditions", [])),
                30, "a condition of the DevCluster names the image")


class ProvidersTest(unittest.TestCase):
    def setUp(self):
        self.server = self.enterContext(Server(config="plugins: [kubeadm]"))

    def test_a_provider_is_enabled_and_disabled_while_the_server_runs(self):
        self.server.capstan("init", "--infrastructure", "docker")
        self.assertIn("docker", self.server.capstan("get", "providers").stdout)
        self.server.kubectl("get", "devclusters")
        self.server.capstan("delete", "--infrastructure", "docker", "--include-crd")
        self.assertNotIn("docker", self.server.capstan("get", "providers").stdout)

    def test_a_provider_that_is_nowhere_is_refused_and_leaves_nothing(self):
        done = self.server.capstan("init", "--infrastructure", "nowhere", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("no plugin offers it", done.stderr)
        self.assertNotIn("nowhere", self.server.capstan("get", "providers").stdout)

    def test_a_provider_that_takes_care_of_objects_is_not_disabled(self):
        self.server.kubectl("apply", "-f", "-", stdin=(
            "apiVersion: bootstrap.cluster.x-k8s.io/v1beta2\nkind: KubeadmConfigTemplate\n"
            "metadata: {name: mine}\nspec: {template: {spec: {format: cloud-config}}}\n"))
        done = self.server.capstan("delete", "--bootstrap", "kubeadm", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("default/mine", done.stderr)
        self.assertRegex(self.server.capstan("get", "providers").stdout, "kubeadm +capi-kubeadm-boo")


class ServeTest(unittest.TestCase):
    def setUp(self):
        self.files = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def serve_fails(self, listen="127.0.0.1:0", config=None, code=1, timeout=60):
        command = [CAPSTAN, "serve", "--data-dir", self.files / "data"]
        if listen:
            command += ["--listen", listen]
        if config is not None:
            path = self.files / "config.yaml"
            path.write_text(config)
            command += ["--config", path]
        done = run(command, check=False, timeout=timeout)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stderr

    def server(self, **options):
        server = Server(**options)
        self.addCleanup(server.__exit__)
        return server.start()

    def test_mistakes_in_the_config_are_named_with_the_file(self):
        for text, words in {
                "listn: a": ['config.yaml', 'unknown field "listn"', "listen"],
                "listen: nowhere": ['"nowhere" is no address to listen on', "127.0.0.1:6443"],
                "listen: 6443": ["listen must be a text"],
                "logLevel: loud": ['"loud"', "warning"],
                "plugins: [{name: a, colour: red}]": ["plugins", "colour"],
                "plugins: docker": ["plugins"],
                "a: [": ["config.yaml"]}.items():
            with self.subTest(text=text):
                # A flag would win over the file.
                message = self.serve_fails(listen=None, config=text)
                for word in words:
                    self.assertIn(word, message)

    def test_a_taken_port_is_named(self):
        taken = self.enterContext(socket.socket())
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = "127.0.0.1:%d" % taken.getsockname()[1]
        message = self.serve_fails(listen=address, code=4)
        self.assertIn(address, message)
        self.assertIn("another program uses the port", message)

    def test_a_server_that_is_told_to_end_does_so_with_exit_code_0(self):
        server = self.server()
        self.assertEqual(server.stop(), 0, server.log())

    def test_a_missing_token_file_is_named(self):
        self.assertIn("/nonexistent.csv", self.serve_fails(
            config="tokenFile: /nonexistent.csv", code=3))

    def test_files_that_are_no_plugin_are_reported_and_the_rest_runs(self):
        other = self.files / "other.so"
        shutil.copy("/lib/x86_64-linux-gnu/libc.so.6" if os.path.exists(
            "/lib/x86_64-linux-gnu/libc.so.6") else "/bin/true", other)
        text = self.files / "text.so"
        text.write_text("this is no program")
        server = self.server(config=f"plugins:\n- kubeadm\n- {{name: other, file: {other}}}\n"
                                    f"- {{name: text, file: {text}}}\n"
                                    f"- {{name: absent, file: {self.files}/absent.so}}\n")
        for path in (other, text, self.files / "absent.so"):
            self.assertIn(str(path), server.log())
        self.assertIn("no manifest", server.log())
        self.assertIn("kubeadm", server.capstan("get", "providers").stdout)

    def test_plugins_of_another_abi_and_ones_that_crash_or_hang_do_no_harm(self):
        fixtures = BUILD / "tests" / "abi" / "fixtures"
        if not (fixtures / "wrong-major.so").exists():
            self.skipTest(f"{fixtures} is not built: cmake --build, target abi_test")
        names = ["wrong-major", "minor-too-new", "crash-at-load", "hang-at-load", "bad-manifest",
                 "no-manifest"]
        for isolation, crashed, hung in (("in-process", "crashed", "hung"),
                                         ("process", "signal 6", "did not answer")):
            with self.subTest(isolation=isolation):
                self.expect_no_harm(fixtures, names, isolation, crashed, hung)

    def expect_no_harm(self, fixtures, names, isolation, crashed, hung):
        config = "plugins:\n- kubeadm\n" + "".join(
            f"- {{name: {name}, file: {fixtures / name}.so, isolation: {isolation}}}\n"
            for name in names)
        server = self.server(config=config)
        log = server.log(last=100000)
        for name in names:
            mine = [line for line in log.splitlines() if f"{name}.so" in line]
            self.assertEqual(len(mine), 1, f"one error about {name}, not {mine}")
        self.assertIn("is made for ABI", log)
        self.assertIn(crashed, log)
        self.assertIn(hung, log)
        server.apply(KEPT)
        providers = server.capstan("get", "providers").stdout
        self.assertRegex(providers, r"(?m)^kubeadm .*Ready")
        for name in names:
            self.assertRegex(providers, rf"(?m)^{name} .*Failed +.*{name}\.so", "the reason is there")
        told = {item["metadata"]["name"]: item["metadata"]["annotations"]["capstan.dev/message"]
                for item in json.loads(server.capstan("get", "providers", "-o", "json").stdout)}
        self.assertIn(hung, told["hang-at-load"])

    def test_a_stop_while_a_plugin_hangs_in_its_try_ends_the_start_at_once(self):
        hanging = BUILD / "tests" / "abi" / "fixtures" / "hang-at-load.so"
        if not hanging.exists():
            self.skipTest(f"{hanging} is not built: cmake --build, target abi_test")
        server = Server(config=f"plugins:\n- {{name: hang-at-load, file: {hanging}, "
                               "isolation: in-process}\n")
        self.addCleanup(server.__exit__)
        server.start(wait=False)
        def children():
            # A try is the child of the thread that waits for it.
            found = []
            for task in pathlib.Path(f"/proc/{server.process.pid}/task").iterdir():
                try:
                    found += (task / "children").read_text().split()
                except OSError:
                    continue  # the thread has just ended
            return found
        child = eventually(children, 10, "the plugin is tried out in a child", pause=0.005)[0]
        begin = time.monotonic()
        self.assertEqual(server.stop(), 0, server.log())
        self.assertLess(time.monotonic() - begin, 4, "the try alone may take 5 s")
        self.assertIn("stopping before the start was done", server.log())
        self.assertFalse(pathlib.Path(f"/proc/{child}").exists(), "the child is gone, too")

    def test_a_disabled_plugin_is_not_even_tried_out(self):
        hanging = BUILD / "tests" / "abi" / "fixtures" / "hang-at-load.so"
        if not hanging.exists():
            self.skipTest(f"{hanging} is not built: cmake --build, target abi_test")
        server = self.server(config=f"plugins:\n- {{name: hang-at-load, file: {hanging}, "
                                    "isolation: in-process}\n")
        self.assertIn("hung", server.log())
        server.capstan("plugin", "disable", "hang-at-load")
        self.assertEqual(server.stop(), 0)
        server.start(wait=False)
        tries = set()

        def ready():
            tries.update(pid for pid in pathlib.Path("/proc").glob("[0-9]*")
                         if self.is_try_of(pid, server.process.pid))
            return server.log().count("Serving on") == 2
        eventually(ready, 30, "it serves", pause=0.002)
        self.assertEqual(tries, set())

    @staticmethod
    def is_try_of(process, server):
        try:
            parent = int((process / "stat").read_text().rsplit(")", 1)[1].split()[1])
            return parent == server and b"--probe" in (process / "cmdline").read_bytes()
        except OSError:
            return False  # it has ended

    def test_standard_output_has_the_address_and_the_kubeconfig_and_nothing_else(self):
        command = [CAPSTAN, "serve", "--data-dir", self.files / "data", "--listen", "127.0.0.1:0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True) as server:
            lines = [server.stdout.readline(), server.stdout.readline()]
            server.terminate()
            rest, log = server.communicate(timeout=60)
        self.assertRegex(lines[0], r"^Serving on https://127\.0\.0\.1:\d+ ")
        self.assertRegex(lines[1], rf"export KUBECONFIG={self.files}/data/admin\.kubeconfig")
        self.assertEqual(rest, "")
        self.assertIn("stopping", log)

    def test_a_stop_at_any_moment_of_the_start_ends_it_with_exit_code_0(self):
        def takes_signals(server):
            """Until then the program is hardly loaded, and a signal ends it as any other."""
            status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
            blocked = int(status.split("SigBlk:")[1].split()[0], 16)
            return blocked & (1 << (signal.SIGTERM - 1))
        # The first starts stop before there is a store, the last one after it serves.
        for delay in (0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6):
            with self.subTest(delay=delay):
                server = Server(data_dir=self.files / "same")
                self.addCleanup(server.__exit__)
                server.start(wait=False)
                eventually(lambda: takes_signals(server), 30, "signals are taken", pause=0.001)
                time.sleep(delay)
                self.assertEqual(server.stop(), 0, server.log())
        server = self.server(data_dir=self.files / "same")
        server.apply(KEPT)

    def test_a_second_server_on_the_same_data_is_refused_and_the_first_goes_on(self):
        server = self.server()
        server.apply(KEPT)
        done = run([CAPSTAN, "serve", "--data-dir", server.data_dir, "--listen", "127.0.0.1:0"],
                   check=False, timeout=30)
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertIn("in use", done.stderr)
        self.assertIsNotNone(server.get("cluster", "kept"))
        server.kubectl("label", "cluster", "kept", "still=writable")

    def store_file(self, server):
        found = [path for path in server.data_dir.rglob("*")
                 if path.is_file() and path.read_bytes()[:15] == b"SQLite format 3"]
        self.assertEqual(len(found), 1, found)
        return found[0]

    def test_a_store_of_a_newer_version_is_refused_and_stays_as_it_is(self):
        server = self.server()
        server.apply(KEPT)
        server.stop()
        path = self.store_file(server)
        with sqlite3.connect(path) as database:
            version = database.execute("PRAGMA user_version").fetchone()[0]
            database.execute("PRAGMA user_version = 99")
        database.close()
        server.start(wait=False)
        self.assertEqual(server.process.wait(30), 1)
        self.assertIn("newer Capstan", server.log())
        with sqlite3.connect(path) as database:
            database.execute(f"PRAGMA user_version = {version}")
        database.close()
        server.start()
        self.assertIsNotNone(server.get("cluster", "kept"))

    def test_a_damaged_store_is_named_and_not_overwritten(self):
        server = self.server()
        server.stop()
        path = self.store_file(server)
        damaged = b"\x00garbage" * 2000
        path.write_bytes(damaged)
        server.start(wait=False)
        self.assertEqual(server.process.wait(30), 1)
        self.assertIn(str(path), server.log())
        self.assertEqual(path.read_bytes(), damaged)


class CommandLineTest(unittest.TestCase):
    def setUp(self):
        self.home = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(self.home)}

    def capstan(self, *words, code=0, stdin=None, **variables):
        done = subprocess.run([CAPSTAN, *words], input=stdin if stdin is not None else "",
                              capture_output=True, text=True, timeout=60,
                              env=dict(self.environment, **variables))
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        if code != 0:
            self.assertNotEqual(done.stderr, "", "a failure says why")
        return done.stdout if code == 0 else done.stderr

    def test_exit_codes_tell_what_kind_of_failure_it_was(self):
        self.capstan("version", code=0)
        self.capstan("generate", "cluster", "NOT_A_NAME", "--from", "-", code=1)
        self.capstan("get", "kubeconfig", code=2)
        self.capstan("--no-such-flag", code=2)
        self.capstan("get", "kubeconfig", "c", "--kubeconfig", "/nonexistent", code=3)
        kubeconfig = self.home / "config"
        unused = socket.socket()
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        unused.close()
        kubeconfig.write_text(
            "apiVersion: v1\nkind: Config\ncurrent-context: c\n"
            f"clusters: [{{name: c, cluster: {{server: 'https://127.0.0.1:{port}'}}}}]\n"
            "contexts: [{name: c, context: {cluster: c, user: c}}]\nusers: [{name: c, user: {}}]\n")
        message = self.capstan("get", "providers", "--kubeconfig", str(kubeconfig), code=4)
        self.assertIn(str(port), message)

    def test_an_unknown_command_is_named(self):
        self.assertIn("frobnicate", self.capstan("frobnicate", code=2))

    def test_help_of_each_command_has_examples(self):
        for words in COMMANDS:
            with self.subTest(command=words):
                text = self.capstan(*words, "--help")
                self.assertIn("Examples:", text)
                self.assertIn(f"capstan {' '.join(words)}", text.split("Examples:")[1])

    def test_completion_scripts_can_be_read_by_their_shells(self):
        for shell in ("bash", "zsh", "fish"):
            script = self.capstan("completion", shell)
            self.assertIn("describe", script)
            if shutil.which(shell):
                check = "--no-execute" if shell == "fish" else "-n"
                done = subprocess.run([shell, check], input=script, capture_output=True, text=True)
                self.assertEqual((done.returncode, done.stderr), (0, ""), shell)

    def test_variables_of_a_template_are_listed_with_their_defaults(self):
        text = self.capstan("generate", "cluster", "--from", "-", "--list-variables",
                            stdin="a: ${ONE}\nb: ${TWO:-two}\n")
        self.assertIn("Required Variables:\n  - ONE\n", text)
        self.assertIn("- TWO  (defaults to two)", text)

    def test_variables_come_from_the_environment_and_missing_ones_are_named_together(self):
        template = "a: ${ONE}\nb: ${TWO:-two}\nc: ${THREE}\nname: ${CLUSTER_NAME}\n"
        words = ("generate", "cluster", "c1", "--from", "-")
        self.assertEqual(self.capstan(*words, stdin=template, ONE="1", THREE="3"),
                         "a: 1\nb: two\nc: 3\nname: c1\n")
        self.assertIn("[ONE, THREE]", self.capstan(*words, stdin=template, code=1))

    def test_a_broken_template_is_named_with_its_line(self):
        self.assertIn("line 2", self.capstan("generate", "cluster", "c1", "--from", "-",
                                             stdin="a: 1\nb: ${X\n", code=1))

    def test_an_address_on_the_network_is_never_fetched(self):
        self.assertIn("download", self.capstan("generate", "cluster", "c1", "--from",
                                               "https://127.0.0.1/t.yaml", code=1))


class ColorTest(unittest.TestCase):
    def test_NO_COLOR_leaves_color_out_even_on_a_terminal(self):
        with Server(config="plugins: [kubeadm]") as server:
            server.apply(KEPT)
            def describe(**variables):
                master, slave = os.openpty()
                environment = dict(server.environment, TERM="xterm", **variables)
                environment.pop("NO_COLOR", None) if not variables else None
                subprocess.run([CAPSTAN, "describe", "cluster", "kept"], stdout=slave, check=True,
                               env=environment, timeout=60)
                os.close(slave)
                with os.fdopen(master, "rb", buffering=0) as screen:
                    return screen.read(65536)
            self.assertIn(b"\x1b[", describe())
            self.assertNotIn(b"\x1b[", describe(NO_COLOR="1"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
