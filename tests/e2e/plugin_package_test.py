"""Plugins as packages, as an author and an operator use them: keys, packing, signing, a repository,
installing, running, tampering, removing. With the real program and no network.
"""

import hashlib
import io
import json
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import tarfile
import tempfile
import unittest

from capstan_server import BUILD, CAPSTAN, ROOT, Server, eventually, run

PLUGINS = BUILD / "lib" / "capstan" / "plugins"
HELLO_PYTHON = ROOT / "examples" / "hello-python"
HELLO = BUILD / "examples" / "hello-infra" / "plugins" / "hello.so"
TEMPLATE = """\
apiVersion: infrastructure.cluster.x-k8s.io/v1beta1
kind: HelloCluster
metadata: {name: "${CLUSTER_NAME}"}
"""


class PackageTestCase(unittest.TestCase):
    def setUp(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="capstan-package-"))
        self.addCleanup(shutil.rmtree, self.home, ignore_errors=True)
        self.data = self.home / "data"
        self.empty = self.home / "no-plugins"
        self.empty.mkdir()
        self.environment = dict(os.environ, HOME=str(self.home), NO_COLOR="1",
                                KUBECONFIG=str(self.home / "none.kubeconfig"))
        self.environment.pop("XDG_STATE_HOME", None)
        self.environment.pop("CAPSTAN_PLUGIN_PATH", None)

    def capstan(self, *words, code=0):
        done = subprocess.run([str(CAPSTAN), "plugin", *map(str, words)], capture_output=True,
                              text=True, timeout=120, env=self.environment, cwd=self.home)
        self.assertEqual(done.returncode, code, f"{words}\n{done.stdout}\n{done.stderr}")
        return done.stdout if code == 0 else done.stderr

    def amiss(self):
        """What doctor finds to be an error."""
        found = subprocess.run([str(CAPSTAN), "plugin", "doctor", "--data-dir", str(self.data),
                                "-o", "json"],
                               capture_output=True, text=True, timeout=120, env=self.environment)
        return [c for c in json.loads(found.stdout) if c["health"] == "error"]

    def keygen(self, name="acme"):
        self.capstan("keygen", name)
        return self.home / f"{name}.key", self.home / f"{name}.pub"

    def pack(self, *words):
        self.capstan("pack", HELLO, "--output", "hello.capstan", *words)
        return self.home / "hello.capstan"

    def install(self, package, *words, code=0):
        return self.capstan("install", package, "--data-dir", self.data, *words, code=code)

    def installed(self):
        out = self.capstan("list", "--data-dir", self.data, "-o", "json")
        return [(p["name"], p["version"], p["trust"]) for p in json.loads(out)]

    def library(self):
        return next(self.data.glob("plugins/hello/*/hello.so"))

    def tamper(self, path):
        """Changes a byte in the middle; the file stays as long as it was."""
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)


class AuthorTest(PackageTestCase):
    def test_keys_are_made_once_and_the_private_one_is_its_owners(self):
        key, _ = self.keygen()
        self.assertEqual(stat.S_IMODE(key.stat().st_mode), 0o600)
        self.assertIn("a key that signs is not replaced", self.capstan("keygen", "acme", code=1))

    def test_packing_twice_gives_the_same_bytes_that_tar_can_read(self):
        first = self.pack().read_bytes()
        self.assertEqual(first, self.pack().read_bytes())
        with tarfile.open(self.home / "hello.capstan") as archive:
            names = archive.getnames()
        self.assertEqual(names[:2], ["index.json", "manifest.json"])
        self.assertIn("hello.so", names)
        self.assertIn("metadata.yaml", names)
        self.assertIn("crds.yaml", names)

    def test_inspect_tells_everything_for_people_and_for_programs(self):
        text = self.capstan("inspect", HELLO)
        for words in ("hello ", "InfrastructureProvider hello", "HelloMachine", "would be loaded",
                      "glibc:", "Signature:     none", "reaches nothing outside"):
            self.assertIn(words, text)
        seen = json.loads(self.capstan("inspect", HELLO, "-o", "json"))
        self.assertEqual(seen["sha256"], hashlib.sha256(HELLO.read_bytes()).hexdigest())
        self.assertEqual(seen["manifest"]["name"], "hello")
        self.assertTrue(seen["loads"])
        self.assertEqual(seen["lint"], [])
        package = json.loads(self.capstan("inspect", self.pack(), "-o", "json"))
        self.assertEqual(package["type"], "package")
        self.assertEqual(package["manifest"], seen["manifest"])

    def test_what_is_no_plugin_is_refused_in_one_line(self):
        text = self.home / "text.so"
        text.write_text("hello")
        self.assertIn("no ELF file", self.capstan("inspect", text, code=1))
        self.assertIn("cannot open", self.capstan("inspect", self.home / "none.so", code=3))
        self.assertIn("is a folder", self.capstan("inspect", self.home, code=1))
        libc = "/lib/x86_64-linux-gnu/libz.so.1"
        if os.path.exists(libc):
            self.assertIn("has no manifest", self.capstan("pack", libc, code=1))
            self.assertIn("[exported-symbols]", self.capstan("inspect", libc))

    def test_help_has_examples_and_completion_knows_the_verbs(self):
        for verb in ("pack", "install", "remove", "list", "inspect", "verify", "sign", "keygen",
                     "doctor"):
            self.assertIn("Examples:", self.capstan(verb, "--help"), verb)
        script = run([CAPSTAN, "completion", "bash"]).stdout
        self.assertIn("'plugin install'", script)
        self.assertIn("--require", script)
        self.capstan("frobnicate", code=2)


class TrustTest(PackageTestCase):
    def test_a_signed_package_is_verified_with_the_publishers_key_and_no_other(self):
        key, public = self.keygen()
        _, other = self.keygen("other")
        package = self.pack("--sign-key", key, "--publisher", "acme")
        self.assertIn("signed by acme", self.capstan("verify", package, "--key", public))
        self.assertIn("is not by the key of acme",
                      self.capstan("verify", package, "--key", other, code=1))

    def test_a_library_is_signed_beside_it_and_a_changed_one_is_refused(self):
        key, public = self.keygen()
        library = self.home / "hello.so"
        shutil.copy(HELLO, library)
        self.assertIn("trust requires a signature",
                      self.capstan("verify", library, "--key", public, code=1))
        self.capstan("sign", library, "--key", key, "--publisher", "acme")
        self.capstan("verify", library, "--key", public)
        self.tamper(library)
        self.assertIn("is not the file that acme signed",
                      self.capstan("verify", library, "--key", public, code=1))

    def test_a_changed_package_is_not_installed(self):
        key, public = self.keygen()
        package = self.pack("--sign-key", key, "--publisher", "acme")
        with tarfile.open(package) as archive:
            members = [(m, archive.extractfile(m).read()) for m in archive.getmembers()]
        with tarfile.open(package, "w:gz", format=tarfile.USTAR_FORMAT) as archive:
            for info, content in members:
                if info.name == "metadata.yaml":
                    content = content.replace(b"releaseSeries", b"releaseseries")
                archive.addfile(info, io.BytesIO(content))
        self.assertIn("metadata.yaml is not what the package's index says",
                      self.install(package, "--key", public, code=1))
        self.assertEqual(self.installed(), [])

    def test_an_unsigned_package_is_not_installed_where_the_config_requires_signatures(self):
        key, public = self.keygen()
        config = self.home / "config.yaml"
        config.write_text(f"trust:\n  require: signed\n  publishers:\n"
                          f"  - {{name: acme, key: {public}}}\n")
        self.assertIn("is not signed, and trust requires a signature",
                      self.install(self.pack(), "--config", config, code=1))
        self.capstan("sign", "hello.capstan", "--key", key, "--publisher", "acme")
        self.assertIn("signed by acme", self.install("hello.capstan", "--config", config))
        self.assertEqual([p[2] for p in self.installed()], ["signed by acme"])
        config.write_text(config.read_text().replace(
            f"key: {public}", f'key: {public}, notAfter: "2020-01-01T00:00:00Z"'))
        self.assertIn("has expired on 2020-01-01",
                      self.install("hello.capstan", "--config", config, code=1))

    def test_a_digest_that_was_asked_for_has_to_fit(self):
        package = self.pack()
        digest = hashlib.sha256(package.read_bytes()).hexdigest()
        self.assertIn("was asked for", self.install(package, "--sha256", "0" * 64, code=1))
        self.install(package, "--sha256", f"sha256:{digest}")


class OperatorTest(PackageTestCase):
    def version(self):
        return json.loads(self.capstan("inspect", HELLO, "-o", "json"))["manifest"]["version"]

    def test_a_repository_is_laid_out_as_clusterctl_has_it_and_installs_by_name(self):
        repository = self.home / "repo"
        template = self.home / "cluster-template.yaml"
        template.write_text(TEMPLATE)
        self.capstan("pack", HELLO, "--repo", repository, "--file", template)
        version = self.version()
        folder = repository / "hello" / f"v{version}"
        self.assertTrue((folder / "metadata.yaml").exists())
        self.assertTrue((folder / "cluster-template.yaml").exists())
        self.install("hello", "--from", repository)
        self.assertEqual(self.installed(), [("hello", version, "digest")])
        self.install(f"hello@{version}", "--from", repository)
        self.assertIn("has no hello 9.9.9",
                      self.install("hello@9.9.9", "--from", repository, code=3))
        self.assertIn("say --from", self.install("hello", code=1))

    def test_what_is_removed_is_gone(self):
        self.install(self.pack())
        self.assertIn("Removed hello", self.capstan("remove", "hello", "--data-dir", self.data))
        self.assertEqual(self.installed(), [])
        self.assertFalse((self.data / "plugins" / "hello").exists())
        self.assertIn("is not installed",
                      self.capstan("remove", "hello", "--data-dir", self.data, code=3))

    def test_doctor_finds_what_is_amiss_and_says_what_to_do(self):
        self.install(self.pack())
        words = ["doctor", "--data-dir", self.data]
        self.assertIn("plugin hello", self.capstan(*words))
        library = self.library()
        library.chmod(0o666)
        self.assertIn("needs your attention", self.capstan(*words, code=1))
        library.chmod(0o644)
        self.tamper(library)
        bad = self.amiss()
        self.assertEqual(len(bad), 1, bad)
        self.assertIn("hello.so has changed", bad[0]["message"])
        self.assertIn("capstan plugin install", bad[0]["remedy"])

    def provider(self, server):
        """The line of `capstan get providers`, while it is Ready."""
        done = server.capstan("get", "providers", check=False)
        return [line for line in done.stdout.splitlines()
                if "infrastructure-hello" in line and "Ready" in line]

    def test_an_installed_plugin_runs_and_a_changed_one_is_not_loaded(self):
        self.install(self.pack())
        with Server(config=f"pluginDirectory: {self.empty}\n", data_dir=self.data) as server:
            eventually(lambda: self.provider(server), 30, "the provider is ready")
            listed = json.loads(server.capstan("plugin", "list", "--data-dir", str(self.data),
                                               "-o", "json").stdout)
            hello = next(p for p in listed if p["name"] == "hello")
            self.assertEqual(hello["state"], "Running", server.log())
            maps = pathlib.Path(f"/proc/{server.process.pid}/maps").read_text()
            if "hello.so" in maps:  # else it runs in a process of its own
                self.assertIn("/memfd:hello.so", maps, "the verified bytes are the loaded ones")
            server.stop()
            self.tamper(self.library())
            server.start()

            def failed():
                done = server.kubectl("get", "plugins.capstan.dev", "hello", "-o", "json",
                                      check=False)
                return "has changed since its package was made" in done.stdout
            eventually(failed, 30, "the changed file is named")

    def test_what_is_installed_meanwhile_is_enabled_without_a_new_start(self):
        template = self.home / "cluster-template.yaml"
        template.write_text(TEMPLATE)
        with Server(config=f"pluginDirectory: {self.empty}\n", data_dir=self.data) as server:
            self.install(self.pack("--file", template))
            server.capstan("init", "--infrastructure", "hello")
            self.assertTrue(self.provider(server))
            text = server.capstan("generate", "cluster", "c1", "--infrastructure", "hello",
                                  "--data-dir", str(self.data)).stdout
            self.assertIn("kind: HelloCluster", text, "a template that only the package has")
            self.assertIn('name: "c1"', text)


VENV_PLUGIN = """\
id: test.with-venv
name: with-venv
version: 1.0.0
status: alpha
securityPosture: reaches nothing outside its own memory
python: {module: with_venv, requirements: requirements.txt, venv: "%s"}
reconciles:
  - {group: venv.capstan.dev, kind: Thing}
"""
VENV_KIND = """\
group: venv.capstan.dev
use: [capstan/common]
versions:
  v1alpha1: storage
kinds:
  Thing:
    status: true
    fields:
      spec:
        size: int
      status:
        answer: string
"""
VENV_CODE = """\
import capstan
import from_the_venv


class Thing(capstan.Reconciler):
    kind = "Thing"

    def reconcile(self, request, reply, call):
        reply.status("answer", from_the_venv.ANSWER)
"""


class PythonTest(PackageTestCase):
    """A plugin in Python is packed and installed as a folder."""

    def install_folder(self, folder):
        self.capstan("pack", folder, "--output", "plugin.capstan")
        return self.install(self.home / "plugin.capstan")

    def serve(self, name, isolation):
        config = (f"pluginDirectory: {self.empty}\n"
                  f"plugins:\n- {{name: {name}, isolation: {isolation}}}\n")
        server = Server(config=config, data_dir=self.data).start()
        self.addCleanup(server.__exit__)

        def running():
            found = json.loads(server.capstan("plugin", "list", "--data-dir", str(self.data),
                                              "-o", "json").stdout)
            return next((p for p in found if p["name"] == name), {}).get("state") == "Running"
        eventually(running, 30, f"{name} runs")
        status = server.get("plugins", name)["status"]
        self.assertEqual(status["isolation"], isolation)
        return server

    def said(self, server, kind, name, *path):
        def value():
            found = server.get(kind, name).get("status", {})
            for member in path:
                found = found.get(member, {})
            return found or None
        return eventually(value, 30, f"{kind} {name} has a status")

    def test_the_package_of_an_example_runs_in_every_mode_and_a_changed_file_is_not_loaded(self):
        self.install_folder(HELLO_PYTHON)
        self.assertEqual([(p[0], p[2]) for p in self.installed()], [("hello-python", "digest")])
        folder = next(self.data.glob("plugins/hello-python/*"))
        self.assertEqual(sorted(p.name for p in folder.iterdir()),
                         ["conformance.yaml", "crds.yaml", "hello.py", "index.json", "kinds",
                          "manifest.json", "metadata.yaml", "plugin.yaml", "test_hello.py"])
        for isolation in ("in-process", "process", "sandbox"):
            with self.subTest(isolation=isolation):
                server = self.serve("hello-python", isolation)
                item = {"apiVersion": "hello.capstan.dev/v1alpha1", "kind": "Greeting",
                        "metadata": {"name": isolation, "namespace": "default"},
                        "spec": {"forProvider": {"text": f"from {isolation}"}}}
                server.apply(json.dumps(item))
                self.assertEqual(self.said(server, "greeting", isolation, "atProvider", "text"),
                                 f"from {isolation}")
                server.stop()
        self.tamper(folder / "hello.py")
        self.assertIn("hello.py", self.amiss()[0]["message"])

    def test_a_venv_beside_the_package_is_read_in_the_sandbox_too(self):
        series = f"{sys.version_info[0]}.{sys.version_info[1]}"
        venv = self.home / "venv"
        packages = venv / "lib" / f"python{series}" / "site-packages"
        packages.mkdir(parents=True)
        (venv / "pyvenv.cfg").write_text(f"home = /usr/bin\nversion = {series}.0\n")
        (packages / "from_the_venv.py").write_text('ANSWER = "found"\n')
        folder = self.home / "with-venv"
        (folder / "kinds").mkdir(parents=True)
        (folder / "plugin.yaml").write_text(VENV_PLUGIN % venv)
        (folder / "kinds" / "thing.yaml").write_text(VENV_KIND)
        (folder / "requirements.txt").write_text("from-the-venv\n")
        (folder / "with_venv.py").write_text(VENV_CODE)
        self.install_folder(folder)
        server = self.serve("with-venv", "sandbox")
        server.apply(json.dumps({"apiVersion": "venv.capstan.dev/v1alpha1", "kind": "Thing",
                                 "metadata": {"name": "one", "namespace": "default"},
                                 "spec": {"size": 1}}))
        self.assertEqual(self.said(server, "thing", "one", "answer"), "found")


if __name__ == "__main__":
    unittest.main()
