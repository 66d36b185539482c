"""What `cmake --install` gives is enough: programs that find what belongs to them, an SDK that a
provider is built with outside of any source tree, and a service.
"""

import pathlib
import shutil
import tempfile
import unittest

from capstan_server import BUILD, ROOT, Server, condition, eventually, run

HELLO = """\
apiVersion: v1
kind: Secret
metadata: {name: one-data}
type: cluster.x-k8s.io/secret
stringData: {value: "#cloud-config"}
---
apiVersion: cluster.x-k8s.io/v1beta2
kind: Cluster
metadata: {name: c1}
spec:
  infrastructureRef: {apiGroup: infrastructure.cluster.x-k8s.io, kind: HelloCluster, name: c1}
---
apiVersion: infrastructure.cluster.x-k8s.io/v1beta2
kind: HelloCluster
metadata: {name: c1}
---
apiVersion: cluster.x-k8s.io/v1beta2
kind: Machine
metadata: {name: one, labels: {cluster.x-k8s.io/cluster-name: c1}}
spec:
  clusterName: c1
  bootstrap: {dataSecretName: one-data}
  infrastructureRef: {apiGroup: infrastructure.cluster.x-k8s.io, kind: HelloMachine, name: one}
---
apiVersion: infrastructure.cluster.x-k8s.io/v1beta2
kind: HelloMachine
metadata: {name: one, labels: {cluster.x-k8s.io/cluster-name: c1}}
spec: {greeting: good day}
"""


class InstallTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = pathlib.Path(tempfile.mkdtemp(prefix="capstan-install-"))
        cls.addClassCleanup(shutil.rmtree, cls.home, ignore_errors=True)
        cls.prefix = cls.home / "prefix"
        run(["cmake", "--install", BUILD, "--prefix", cls.prefix])
        cls.program = cls.prefix / "bin" / "capstan"

    def one(self, pattern):
        found = sorted(self.prefix.glob(pattern))
        self.assertEqual(len(found), 1, f"{pattern}: {found}")
        return found[0]

    def test_a_program_called_by_a_link_finds_what_is_installed_with_it(self):
        link = self.home / "capstan-by-link"
        link.symlink_to(self.program)
        said = run([link, "generate", "cluster", "c1", "--infrastructure", "docker",
                    "--list-variables"]).stdout
        self.assertIn("KUBERNETES_VERSION", said)

    def test_programs_plugins_sdk_and_documents_are_where_a_package_has_them(self):
        for path in ("bin/capstan", "bin/capstan-kinds", "bin/capstan-manifest",
                     "include/capstan/abi.h", "include/capstan/ext/services.h",
                     "share/capstan-sdk/cmake/capstan-sdk-config.cmake",
                     "share/capstan-sdk/cmake/capstan-sdk-config-version.cmake",
                     "share/capstan-sdk/kinds/common.yaml", "lib/sysusers.d/capstan.conf",
                     "share/doc/*/operating.md", "share/doc/*/examples/config.yaml",
                     "share/doc/*/examples/hello-infra/hello_plugin.cc"):
            with self.subTest(path=path):
                self.one(path)
        plugins = sorted(path.name for path in self.prefix.glob("lib*/**/capstan/plugins/*"))
        for name in ("docker.so", "kubeadm.so", "memory.so"):
            self.assertIn(name, plugins)
        self.assertNotIn("hello.so", plugins, "an example is not installed")

    def test_the_tools_run_by_their_names(self):
        for tool in ("capstan-kinds", "capstan-manifest"):
            self.assertIn("usage", run([self.prefix / "bin" / tool, "--help"]).stdout)

    def test_the_completions_are_those_of_this_program(self):
        for path, shell in (("share/bash-completion/completions/capstan", "bash"),
                            ("share/zsh/vendor-completions/_capstan", "zsh"),
                            ("share/fish/vendor_completions.d/capstan.fish", "fish")):
            text = self.one(path).read_text()
            self.assertEqual(text, run([self.program, "completion", shell]).stdout)
            self.assertIn("describe", text)

    def test_the_unit_starts_the_installed_program(self):
        unit = self.one("lib/systemd/system/capstan.service")
        self.assertIn(f"ExecStart={self.program} serve --config /etc/capstan/config.yaml",
                      unit.read_text())
        if shutil.which("systemd-analyze") is None:
            self.skipTest("systemd-analyze is missing")
        # It also tells of users and units that this machine has not.
        done = run(["systemd-analyze", "verify", unit], check=False)
        for fault in ("Unknown key", "Unknown section", "not executable", "Invalid", "bad unit"):
            self.assertNotIn(fault, done.stderr)

    def test_the_example_config_is_one_that_serve_takes(self):
        text = self.one("share/doc/*/examples/config.yaml").read_text()
        with Server(config=text, program=self.program) as server:
            names = server.capstan("get", "providers").stdout
            self.assertRegex(names, r"(?m)^docker .*Ready")
            self.assertRegex(names, r"(?m)^kubeadm .*Ready")

    def build_hello(self):
        """As an author does who has the SDK and no source tree."""
        source = self.home / "hello-infra"
        shutil.copytree(self.one("share/doc/*/examples/hello-infra"), source)
        build = self.home / "build-hello"
        run(["cmake", "-G", "Ninja", "-S", source, "-B", build,
             f"-DCMAKE_PREFIX_PATH={self.prefix}"])
        run(["cmake", "--build", build], timeout=280)
        used = (build / "CMakeCache.txt").read_text()
        self.assertIn(f"capstan-sdk_DIR:PATH={self.prefix}", used)
        self.assertNotIn(str(ROOT), used, "nothing is taken from the source tree")
        return build / "plugins" / "hello.so"

    def test_a_provider_built_with_the_installed_sdk_is_loaded_by_config_and_reconciles(self):
        config = f"plugins:\n- name: hello\n  file: {self.build_hello()}\n"
        with Server(config=config, program=self.program) as server:
            self.assertRegex(server.capstan("get", "providers").stdout, r"(?m)^hello .*Ready")
            server.apply(HELLO)
            machine = eventually(lambda: (lambda found: found if condition(found, "Ready") == "True"
                                          else None)(server.get("hellomachine", "one")),
                                 60, "the HelloMachine is Ready")
            self.assertEqual(machine["spec"]["providerID"], "hello:////server-1")
            self.assertEqual(machine["status"]["greeting"], "good day, one")
            self.assertIn("capstan_plugin_hello_servers_created_total 1",
                          server.kubectl("get", "--raw", "/metrics").stdout)
            server.kubectl("delete", "cluster", "c1", "--timeout=60s")
            self.assertIsNone(server.get("hellomachine", "one"))


if __name__ == "__main__":
    unittest.main()
