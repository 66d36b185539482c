"""A client's trace goes on in the server: in the spans that it writes and in what plugins log."""

import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "plugin_chaos"))
from api_load import COLLECTION, Api  # noqa: E402
from capstan_server import BUILD, Server, eventually  # noqa: E402

PLUGINS = BUILD / "tests" / "plugin_chaos" / "plugins"
TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"


class TracesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.__exit__)
        cls.file = cls.server.home / "traces.jsonl"
        plugins = [{"name": name, "file": str(PLUGINS / f"{name}.so"), "isolation": isolation,
                    "settings": {"folder": str(cls.server.home)}}
                   for name, isolation in (("ordeal", "process"), ("calm", "in-process"))]
        cls.server.config = json.dumps({"plugins": ["kubeadm", *plugins],
                                        "telemetry": {"traces": str(cls.file)}})
        cls.server.start()
        cls.api = Api(cls.server.kubeconfig)
        cls.addClassCleanup(cls.api.close)

    def spans(self, **attributes):
        found = []
        for line in self.file.read_text().splitlines():
            [resource] = json.loads(line)["resourceSpans"]
            [scope] = resource["scopeSpans"]
            for span in scope["spans"]:
                named = {item["key"].removeprefix("capstan."): item["value"]["stringValue"]
                         for item in span["attributes"]}
                if attributes.items() <= named.items():
                    found.append(span)
        return found

    def test_an_admission_is_below_the_span_of_the_request(self):
        status, answer = self.api.call(
            "POST", "/apis/controlplane.cluster.x-k8s.io/v1beta2/namespaces/default/kubeadmcontrolplanes",
            {"metadata": {"name": "traced"}, "spec": {
                "version": "v1.34.2", "machineTemplate": {"spec": {"infrastructureRef": {
                    "apiGroup": "infrastructure.cluster.x-k8s.io", "kind": "DevMachineTemplate",
                    "name": "none"}}}}}, traceparent=f"00-{TRACE}-{PARENT}-01")
        self.assertEqual(status, 201, answer)
        span = eventually(lambda: [span for span in self.spans(plugin="kubeadm")
                                   if span["name"] == "admit"], 10, "the span is written")[0]
        self.assertEqual((span["traceId"], span["parentSpanId"]), (TRACE, PARENT))
        self.assertLessEqual(int(span["startTimeUnixNano"]), int(span["endTimeUnixNano"]))

    def test_a_reconcile_s_trace_is_in_the_plugin_s_log_whichever_process_it_runs_in(self):
        for plural, plugin in (("ordeals", "ordeal"), ("calms", "calm")):
            status, answer = self.api.call("POST", f"{COLLECTION}/{plural}", {
                "metadata": {"name": "traced"}, "spec": {"value": 1, "act": "log"}})
            self.assertEqual(status, 201, answer)
            [span, *_] = eventually(lambda: self.spans(plugin=plugin, name="traced"), 10,
                                    "the span is written")
            self.assertEqual(span["name"], "reconcile")
            self.assertNotIn("parentSpanId", span)
            logged = f"[{plugin}] told to log trace_id={span['traceId']}"
            eventually(lambda: logged in self.server.log(1 << 20), 10, logged)


if __name__ == "__main__":
    unittest.main(verbosity=2)
