"""What an operator does with kubectl, done with real kubectl against the API server."""

import json
import pathlib
import subprocess
import sys
import tempfile
import textwrap
import unittest

from api_test_server import SKIPPED, ApiTestServer, decode_base64, find_kubectl


def machine_deployment(name="md-0", replicas=2, extra=""):
    return textwrap.dedent(f"""\
        apiVersion: cluster.x-k8s.io/v1beta2
        kind: MachineDeployment
        metadata:
          name: {name}
          labels: {{app: shop}}
        spec:
          clusterName: c1
          replicas: {replicas}
          selector: {{matchLabels: {{app: shop}}}}
          template:
            metadata: {{labels: {{app: shop}}}}
            spec:
              clusterName: c1
              version: v1.34.2
              bootstrap: {{dataSecretName: boot}}
              infrastructureRef:
                apiGroup: infrastructure.cluster.x-k8s.io
                kind: DockerMachineTemplate
                name: workers
        """) + extra


CRD = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  names: {kind: Widget, plural: widgets, shortNames: [wd]}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    additionalPrinterColumns:
    - {name: Color, type: string, jsonPath: .spec.color}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            description: what the widget should be
            properties:
              color: {type: string, enum: [red, green]}
              size: {type: integer, minimum: 1, default: 3}
"""


class KubectlTest(unittest.TestCase):
    def setUp(self):
        self.server = self.enterContext(ApiTestServer())
        self.files = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def kubectl(self, *arguments, **options):
        return self.server.kubectl(*arguments, **options).stdout

    def failure(self, *arguments, **options):
        done = self.server.kubectl(*arguments, check=False, **options)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        return done.stderr

    def file(self, text, name="manifest.yaml"):
        path = self.files / name
        path.write_text(text)
        return str(path)

    def test_the_version_and_the_resources_are_told(self):
        self.assertIn("Server Version: v1.", self.kubectl("version"))
        resources = self.kubectl("api-resources")
        for line in ["namespaces", "secrets", "machinedeployments", "customresourcedefinitions"]:
            self.assertIn(line, resources)
        self.assertIn("cluster.x-k8s.io/v1beta2", self.kubectl("api-versions"))

    def test_a_kind_is_explained(self):
        text = self.kubectl("explain", "machinedeployment.spec.replicas")
        self.assertIn("FIELD: replicas <integer>", text)
        self.assertIn("ownerReferences", self.kubectl("explain", "secret.metadata"))

    def test_namespaces_secrets_configmaps_and_accounts_are_made_and_shown(self):
        self.kubectl("create", "namespace", "shop")
        self.kubectl("create", "secret", "generic", "s", "-n", "shop", "--from-literal=a=b")
        self.kubectl("create", "configmap", "c", "-n", "shop", "--from-literal=k=v")
        self.kubectl("create", "serviceaccount", "robot", "-n", "shop")
        secret = self.server.get_json("secret", "s", "-n", "shop")
        self.assertEqual(decode_base64(secret["data"]["a"]), "b")
        self.assertEqual(secret["type"], "Opaque")
        table = self.kubectl("get", "secrets", "-n", "shop").splitlines()
        self.assertEqual(table[0].split(), ["NAME", "TYPE", "DATA", "AGE"])
        self.assertEqual(table[1].split()[:3], ["s", "Opaque", "1"])
        again = self.failure("create", "namespace", "shop")
        self.assertEqual(again, 'Error from server (AlreadyExists): namespaces "shop" already exists\n')

    def test_tables_are_plain_wide_and_sorted(self):
        for name, replicas in [("b", 1), ("a", 2)]:
            self.kubectl("create", "-f", "-", stdin=machine_deployment(name, replicas))
        plain = self.kubectl("get", "md").splitlines()
        self.assertEqual([line.split()[0] for line in plain], ["NAME", "a", "b"])
        self.assertIn("CLUSTER", plain[0])
        self.assertNotEqual(plain[0], self.kubectl("get", "md", "-o", "wide").splitlines()[0])
        ordered = self.kubectl("get", "md", "--sort-by=.spec.replicas", "--no-headers").splitlines()
        self.assertEqual([line.split()[0] for line in ordered], ["b", "a"])
        self.assertIn("default", self.kubectl("get", "md", "-A"))

    def test_selectors_and_pages_show_what_they_should(self):
        for i in range(7):
            self.kubectl("create", "configmap", f"c{i}")
        self.kubectl("label", "configmap", "c1", "c2", "tier=web")
        self.assertEqual(self.kubectl("get", "cm", "-l", "tier=web", "-o", "name").split(),
                         ["configmap/c1", "configmap/c2"])
        self.assertEqual(len(self.kubectl("get", "cm", "-l", "tier!=web", "-o", "name").split()), 5)
        self.assertEqual(self.kubectl("get", "cm", "--field-selector", "metadata.name=c3",
                                      "-o", "name").split(), ["configmap/c3"])
        pages = self.kubectl("get", "cm", "--chunk-size=2", "-o", "name").split()
        self.assertEqual(pages, [f"configmap/c{i}" for i in range(7)])

    def test_apply_creates_changes_and_leaves_alone(self):
        manifest = self.file(machine_deployment())
        self.assertIn("created", self.kubectl("apply", "-f", manifest))
        self.assertIn("unchanged", self.kubectl("apply", "-f", manifest))
        before = self.server.get_json("md", "md-0")["metadata"]
        manifest = self.file(machine_deployment(replicas=3))
        diff = self.server.kubectl("diff", "-f", manifest, check=False)
        self.assertEqual(diff.returncode, 1, diff.stderr)
        self.assertIn("+  replicas: 3", diff.stdout)
        self.assertIn("configured", self.kubectl("apply", "-f", manifest))
        after = self.server.get_json("md", "md-0")["metadata"]
        self.assertEqual(after["generation"], before["generation"] + 1)
        self.assertEqual(after["uid"], before["uid"])

    def test_apply_of_builtin_kinds_merges(self):
        text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {%s}\n"
        self.kubectl("apply", "-f", "-", stdin=text % "a: one, b: two")
        self.kubectl("apply", "-f", "-", stdin=text % "a: three")
        self.assertEqual(self.server.get_json("cm", "c")["data"], {"a": "three"})

    def test_server_side_apply_keeps_owners_and_tells_conflicts(self):
        manifest = self.file(machine_deployment(replicas=2))
        self.assertIn("serverside-applied",
                      self.kubectl("apply", "--server-side", "--field-manager=one", "-f", manifest))
        other = self.file(machine_deployment(replicas=5), "other.yaml")
        error = self.failure("apply", "--server-side", "--field-manager=two", "-f", other)
        self.assertIn('conflict with "one": .spec.replicas', error)
        self.kubectl("apply", "--server-side", "--field-manager=two", "--force-conflicts",
                     "-f", other)
        fields = self.server.get_json("md", "md-0", "--show-managed-fields")["metadata"]
        owners = {entry["manager"] for entry in fields["managedFields"]
                  if "f:replicas" in entry["fieldsV1"]["f:spec"]}
        self.assertEqual(owners, {"two"})

    def test_edit_patch_label_annotate_and_scale_change_an_object(self):
        self.kubectl("apply", "-f", "-", stdin=machine_deployment())
        editor = self.file('#!/bin/sh\nsed -i "s/replicas: 2/replicas: 4/" "$1"\n', "editor.sh")
        pathlib.Path(editor).chmod(0o755)
        self.kubectl("edit", "md", "md-0", environment={"KUBE_EDITOR": editor})
        self.assertEqual(self.server.get_json("md", "md-0")["spec"]["replicas"], 4)
        self.kubectl("patch", "md", "md-0", "--type=merge", "-p", '{"spec":{"replicas":5}}')
        self.kubectl("patch", "md", "md-0", "--type=json",
                     "-p", '[{"op":"test","path":"/spec/replicas","value":5},'
                           '{"op":"replace","path":"/spec/replicas","value":6}]')
        self.kubectl("label", "md", "md-0", "tier=web")
        self.kubectl("annotate", "md", "md-0", "note=hello")
        self.kubectl("scale", "md", "md-0", "--replicas=7", "--current-replicas=6")
        self.kubectl("patch", "md", "md-0", "--subresource=status", "--type=merge",
                     "-p", '{"status":{"replicas":7},"spec":{"replicas":1}}')
        md = self.server.get_json("md", "md-0")
        self.assertEqual(md["spec"]["replicas"], 7)
        self.assertEqual(md["status"]["replicas"], 7)
        self.assertEqual(md["metadata"]["labels"], {"app": "shop", "tier": "web"})
        self.assertEqual(md["metadata"]["annotations"]["note"], "hello")
        self.assertIn("strategic-merge-patch+json is not supported",
                      self.failure("patch", "md", "md-0", "-p", '{"spec":{"replicas":5}}'))

    def test_replace_needs_the_state_it_is_based_on(self):
        self.kubectl("create", "configmap", "c", "--from-literal=a=1")
        config = self.server.get_json("cm", "c")
        config["data"]["a"] = "2"
        self.kubectl("replace", "-f", "-", stdin=json.dumps(config))
        config["data"]["a"] = "3"
        error = self.failure("replace", "-f", "-", stdin=json.dumps(config))
        self.assertIn("the object has been modified; please apply your changes", error)

    def test_describe_shows_an_object_with_its_events(self):
        self.kubectl("apply", "-f", "-", stdin=machine_deployment())
        uid = self.server.get_json("md", "md-0")["metadata"]["uid"]
        self.kubectl("create", "-f", "-", stdin=json.dumps({
            "apiVersion": "events.k8s.io/v1", "kind": "Event",
            "metadata": {"generateName": "md-0-", "namespace": "default"},
            "eventTime": "2026-01-02T03:04:05.000000Z", "type": "Normal", "reason": "Scaled",
            "action": "Scale", "note": "two replicas", "reportingController": "capstan",
            "reportingInstance": "one",
            "regarding": {"apiVersion": "cluster.x-k8s.io/v1beta2", "kind": "MachineDeployment",
                          "namespace": "default", "name": "md-0", "uid": uid}}))
        text = self.kubectl("describe", "md", "md-0")
        self.assertIn("Cluster Name:", text)
        self.assertRegex(text, r"Normal\s+Scaled\s+.*two replicas")
        self.assertIn("machinedeployment/md-0", self.kubectl("get", "events"))
        self.assertIn("two replicas", self.kubectl("events", "--for", "machinedeployment/md-0"))

    def test_finalizers_hold_a_deletion_until_they_are_gone(self):
        self.kubectl("create", "configmap", "held")
        self.kubectl("patch", "cm", "held", "--type=merge",
                     "-p", '{"metadata":{"finalizers":["example.com/hold"]}}')
        self.kubectl("delete", "cm", "held", "--wait=false")
        held = self.server.get_json("cm", "held")["metadata"]
        self.assertIn("deletionTimestamp", held)
        error = self.failure("patch", "cm", "held", "--type=merge",
                             "-p", '{"metadata":{"finalizers":["example.com/hold","a.b/c"]}}')
        self.assertIn("no new finalizers can be added if the object is being deleted", error)
        self.kubectl("patch", "cm", "held", "--type=merge", "-p",
                     '{"metadata":{"finalizers":null}}')
        self.assertIn("NotFound", self.failure("get", "cm", "held"))

    def test_delete_waits_and_foreground_leaves_its_mark(self):
        self.kubectl("create", "configmap", "a")
        self.kubectl("delete", "cm", "a", "--wait")
        self.kubectl("create", "configmap", "b")
        self.kubectl("delete", "cm", "b", "--cascade=foreground", "--wait=false")
        self.assertEqual(self.server.get_json("cm", "b")["metadata"]["finalizers"],
                         ["foregroundDeletion"])
        self.kubectl("create", "configmap", "c")
        self.kubectl("delete", "cm", "--all", "--cascade=background")
        self.assertEqual(self.kubectl("get", "cm", "-o", "name"), "")

    def test_a_namespace_takes_its_objects_with_it(self):
        self.kubectl("create", "namespace", "shop")
        self.kubectl("create", "configmap", "c", "-n", "shop")
        self.kubectl("patch", "cm", "c", "-n", "shop", "--type=merge",
                     "-p", '{"metadata":{"finalizers":["example.com/hold"]}}')
        self.kubectl("delete", "namespace", "shop", "--wait=false")
        self.assertIn("Terminating", self.kubectl("get", "ns", "shop"))
        self.assertIn("because it is being terminated",
                      self.failure("create", "configmap", "d", "-n", "shop"))
        self.kubectl("patch", "cm", "c", "-n", "shop", "--type=merge",
                     "-p", '{"metadata":{"finalizers":null}}')
        self.kubectl("wait", "--for=delete", "namespace/shop", "--timeout=10s")
        self.assertIn('namespaces "shop" not found',
                      self.failure("create", "configmap", "d", "-n", "shop"))

    def test_wait_sees_conditions_and_deletions(self):
        self.kubectl("apply", "-f", "-", stdin=machine_deployment())
        waiting = self.background("wait", "--for=condition=Available", "md/md-0", "--timeout=20s")
        self.kubectl("patch", "md", "md-0", "--subresource=status", "--type=merge", "-p", json.dumps(
            {"status": {"conditions": [{"type": "Available", "status": "True", "reason": "Ok",
                                        "message": "", "lastTransitionTime":
                                        "2026-01-02T03:04:05Z"}]}}))
        self.assertIn("condition met", waiting.communicate(timeout=30)[0])
        gone = self.background("wait", "--for=delete", "md/md-0", "--timeout=20s")
        self.kubectl("delete", "md", "md-0")
        gone.communicate(timeout=30)
        self.assertEqual(gone.returncode, 0)

    def background(self, *arguments):
        process = subprocess.Popen([find_kubectl(), *arguments], env=self.server.environment,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        return process

    def test_get_watch_shows_changes_as_they_happen(self):
        self.kubectl("create", "configmap", "first")
        watching = self.background("get", "cm", "-w", "--no-headers")
        self.assertEqual(watching.stdout.readline().split()[0], "first")
        self.kubectl("create", "configmap", "second")
        self.assertEqual(watching.stdout.readline().split()[0], "second")

    def test_a_crd_is_served_at_once_and_goes_with_its_objects(self):
        self.kubectl("apply", "-f", "-", stdin=CRD)
        self.kubectl("wait", "--for=condition=established", "crd/widgets.example.com")
        self.kubectl("apply", "-f", "-", stdin="apiVersion: example.com/v1\nkind: Widget\n"
                     "metadata: {name: w}\nspec: {color: red}\n")
        self.assertEqual(self.server.get_json("wd", "w")["spec"], {"color": "red", "size": 3})
        self.assertEqual(self.kubectl("get", "wd").split(), ["NAME", "COLOR", "w", "red"])
        self.assertIn("widgets.example.com", self.kubectl("get", "crd"))
        self.assertIn("what the widget should be", self.kubectl("explain", "widget.spec"))
        self.kubectl("delete", "crd", "widgets.example.com")
        self.assertIn("could not find the requested resource", self.failure("get", "widgets"))

    def test_what_is_wrong_is_said_exactly(self):
        self.kubectl("apply", "-f", "-", stdin=CRD)
        widget = "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\nspec: %s\n"
        cases = [
            (widget % "{color: blue}",
             'The Widget "w" is invalid: spec.color: Unsupported value: "blue": supported values: '
             '"red", "green"'),
            (widget % "{size: big}",
             'The Widget "w" is invalid: spec.size: Invalid value: "string": spec.size in body '
             'must be of type integer: "string"'),
            (widget % "{size: 0}",
             'The Widget "w" is invalid: spec.size: Invalid value: 0: spec.size in body should be '
             'greater than or equal to 1'),
            (widget % "{colour: red}",
             'Widget in version "v1" cannot be handled as a Widget: strict decoding error: '
             'unknown field "spec.colour"'),
            (widget.replace("name: w", "name: W") % "{}",
             'metadata.name: Invalid value: "W": a lowercase RFC 1123 subdomain must consist of'),
            ("apiVersion: example.com/v2\nkind: Widget\nmetadata: {name: w}\n",
             'no matches for kind "Widget" in version "example.com/v2"'),
        ]
        for manifest, message in cases:
            with self.subTest(manifest):
                self.assertIn(message, self.failure("create", "-f", "-", stdin=manifest))
        done = self.server.kubectl("create", "--validate=warn", "-f", "-",
                                   stdin=widget % "{colour: red}")
        self.assertIn('Warning: unknown field "spec.colour"', done.stderr)

    def test_dry_run_stores_nothing(self):
        self.kubectl("create", "configmap", "c", "--dry-run=server")
        self.assertIn("NotFound", self.failure("get", "cm", "c"))
        self.kubectl("create", "configmap", "c")
        self.kubectl("delete", "cm", "c", "--dry-run=server")
        self.kubectl("get", "cm", "c")

    def test_users_may_ask_about_themselves(self):
        self.assertEqual(self.kubectl("auth", "can-i", "delete", "secrets").strip(), "yes")
        self.assertIn("system:masters", self.kubectl("auth", "whoami"))
        self.assertIn("*.*", self.kubectl("auth", "can-i", "--list"))
        error = self.failure("--token=viewer-token", "--kubeconfig=/dev/null",
                             f"--server={self.server.url.geturl()}",
                             f"--certificate-authority={self.server.folder}/data/pki/ca.crt",
                             "get", "secrets")
        self.assertIn('User "viewer" cannot list resource "secrets" in API group ""', error)


if __name__ == "__main__":
    if find_kubectl() is None:
        print("kubectl is not here: set KUBECTL or put it into PATH")
        sys.exit(SKIPPED)
    unittest.main()
