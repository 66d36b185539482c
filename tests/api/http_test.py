"""What Kubernetes' clients count on beyond kubectl: watches, revisions, pages, forms, errors."""

import gzip
import json
import socket
import subprocess
import unittest

from api_test_server import SERVER, ApiTestServer, Watch

CONFIGMAPS = "/api/v1/namespaces/default/configmaps"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"


def configmap(name, data=None, labels=None):
    return {"apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": name, "labels": labels or {}}, "data": data or {}}


class HttpTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(ApiTestServer())

    def setUp(self):
        self.request("DELETE", CONFIGMAPS, expect=200)

    def request(self, method, path, body=None, headers=None, expect=None, **options):
        answer = self.server.request(method, path, body, headers, **options)
        if expect is not None:
            self.assertEqual(answer.status, expect, answer.text)
        return answer

    def create(self, name, data=None, labels=None):
        return self.request("POST", CONFIGMAPS, configmap(name, data, labels), expect=201).json

    def patch(self, name, patch, **options):
        return self.request("PATCH", f"{CONFIGMAPS}/{name}", patch,
                            {"Content-Type": "application/merge-patch+json"}, expect=200,
                            **options).json

    def assert_status(self, answer, code, reason, message):
        self.assertEqual(answer.status, code, answer.text)
        status = answer.json
        self.assertEqual((status["kind"], status["code"], status["reason"]),
                         ("Status", code, reason))
        self.assertIn(message, status["message"])

    def watch(self, query="", **options):
        return self.enterContext(Watch(self.server, f"{CONFIGMAPS}?watch=True{query}", **options))

    # Who may do what.

    def test_only_health_and_version_are_for_everyone(self):
        for path in ["/healthz", "/livez", "/readyz", "/version"]:
            self.request("GET", path, anonymous=True, expect=200)
        for path in ["/api", "/apis", CONFIGMAPS, "/openapi/v3"]:
            self.assert_status(self.request("GET", path, anonymous=True), 401, "Unauthorized",
                               "Unauthorized")

    def test_tokens_name_users(self):
        def get(path, token):
            return self.request("GET", path, headers={"Authorization": f"Bearer {token}"},
                                anonymous=True)
        self.assertEqual(get(CONFIGMAPS, "admin-token").status, 200)
        self.assertEqual(get("/apis", "viewer-token").status, 200)
        self.assertEqual(get(CONFIGMAPS, "viewer-token").status, 403)
        self.assertEqual(get("/apis", "other").status, 401)

    # Writing.

    def test_the_server_alone_sets_identity(self):
        sent = configmap("a")
        sent["metadata"].update(uid="mine", creationTimestamp="2000-01-01T00:00:00Z",
                                selfLink="/x", generation=7)
        made = self.request("POST", CONFIGMAPS, sent, expect=201).json["metadata"]
        self.assertNotEqual(made["uid"], "mine")
        self.assertNotEqual(made["creationTimestamp"], "2000-01-01T00:00:00Z")
        self.assertNotIn("selfLink", made)

    def test_a_generated_name_is_completed(self):
        sent = configmap("")
        sent["metadata"] = {"generateName": "job-"}
        names = {self.request("POST", CONFIGMAPS, sent, expect=201).json["metadata"]["name"]
                 for _ in range(5)}
        self.assertEqual(len(names), 5)
        for name in names:
            self.assertRegex(name, "^job-[a-z0-9]{5}$")

    def test_a_write_without_effect_makes_no_revision(self):
        made = self.create("a", {"k": "v"})
        again = self.patch("a", {"data": {"k": "v"}})
        self.assertEqual(again["metadata"]["resourceVersion"], made["metadata"]["resourceVersion"])
        self.assertEqual(again["metadata"]["managedFields"], made["metadata"]["managedFields"])
        changed = self.patch("a", {"data": {"k": "w"}})
        self.assertGreater(int(changed["metadata"]["resourceVersion"]),
                           int(made["metadata"]["resourceVersion"]))

    def test_a_stale_revision_is_a_conflict(self):
        made = self.create("a")
        self.patch("a", {"data": {"k": "v"}})
        self.assert_status(self.request("PUT", f"{CONFIGMAPS}/a", made), 409, "Conflict",
                           "the object has been modified")
        stale = {"metadata": {"resourceVersion": made["metadata"]["resourceVersion"]},
                 "data": {"k": "x"}}
        self.assert_status(
            self.request("PATCH", f"{CONFIGMAPS}/a", stale,
                         {"Content-Type": "application/merge-patch+json"}), 409, "Conflict", "")

    def test_delete_checks_its_preconditions(self):
        made = self.create("a")
        wrong = {"preconditions": {"uid": "other"}}
        self.assert_status(self.request("DELETE", f"{CONFIGMAPS}/a", wrong), 409, "Conflict",
                           "Precondition failed: UID in precondition: other")
        right = {"kind": "DeleteOptions", "apiVersion": "v1",
                 "preconditions": {"uid": made["metadata"]["uid"]}}
        answer = self.request("DELETE", f"{CONFIGMAPS}/a", right, expect=200).json
        self.assertEqual(answer["status"], "Success")
        self.assertEqual(answer["details"]["uid"], made["metadata"]["uid"])

    def test_doubled_and_unknown_fields_are_refused_or_told(self):
        body = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"k":"1","k":"2"}}'
        strict = f"{CONFIGMAPS}?fieldValidation=Strict"
        self.assert_status(self.request("POST", strict, body), 400, "BadRequest",
                           'strict decoding error: duplicate field "data.k"')
        answer = self.request("POST", f"{CONFIGMAPS}?fieldValidation=Warn", body, expect=201)
        self.assertEqual(answer.headers["Warning"], '299 - "duplicate field \\"data.k\\""')

    def test_bodies_that_cannot_be_read_are_refused(self):
        self.assert_status(self.request("POST", CONFIGMAPS, "{"), 400, "BadRequest", "malformed")
        self.assert_status(self.request("POST", CONFIGMAPS, "[]"), 400, "BadRequest", "JSON object")
        self.assert_status(self.request("POST", CONFIGMAPS, "a: [1",
                                        {"Content-Type": "application/yaml"}), 400, "BadRequest",
                           "line 1")
        self.assert_status(self.request("POST", CONFIGMAPS, "x", {"Content-Type": "text/plain"}),
                           415, "UnsupportedMediaType", "accepted media types")
        other = configmap("a") | {"kind": "Secret"}
        self.assert_status(self.request("POST", CONFIGMAPS, other), 400, "BadRequest",
                           "does not match the expected kind (ConfigMap)")
        answer = self.request("POST", CONFIGMAPS, "x" * 4_000_000)
        self.assertEqual(answer.status, 413)

    def test_methods_forms_and_paths_that_are_not_there_are_told(self):
        self.assert_status(self.request("PUT", CONFIGMAPS, {}), 405, "MethodNotAllowed", "")
        answer = self.request("GET", CONFIGMAPS, headers={"Accept": "image/png"})
        self.assertIn(answer.status, (406, 415))
        for path in ["/nowhere", "/api/v1/widgets", "/api/v2/configmaps", CONFIGMAPS + "/a/b",
                     "/apis/none/v1", "/openapi/v4"]:
            self.assertEqual(self.request("GET", path).status, 404, path)

    def test_yaml_is_read_and_written(self):
        text = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  k: 'yes'\n"
        answer = self.request("POST", CONFIGMAPS, text, {"Content-Type": "application/yaml",
                                                         "Accept": "application/yaml"}, expect=201)
        self.assertIn("kind: ConfigMap", answer.text)
        self.assertIn('k: "yes"', answer.text)

    # Reading.

    def test_pages_show_one_state_to_the_end(self):
        for i in range(5):
            self.create(f"c{i}")
        first = self.request("GET", f"{CONFIGMAPS}?limit=2", expect=200).json
        self.assertEqual(first["metadata"]["remainingItemCount"], 3)
        self.create("c00")
        names = [item["metadata"]["name"] for item in first["items"]]
        page = first
        while page["metadata"].get("continue"):
            token = page["metadata"]["continue"]
            page = self.request("GET", f"{CONFIGMAPS}?limit=2&continue={token}", expect=200).json
            self.assertEqual(page["metadata"]["resourceVersion"],
                             first["metadata"]["resourceVersion"])
            names += [item["metadata"]["name"] for item in page["items"]]
        self.assertEqual(names, [f"c{i}" for i in range(5)])

    def test_an_old_page_token_says_how_to_go_on(self):
        for i in range(3):
            self.create(f"c{i}")
        token = self.request("GET", f"{CONFIGMAPS}?limit=1").json["metadata"]["continue"]
        import base64
        old = json.loads(base64.b64decode(token)) | {"rv": 1}
        expired = base64.urlsafe_b64encode(json.dumps(old).encode()).decode()
        answer = self.request("GET", f"{CONFIGMAPS}?limit=1&continue={expired}")
        self.assert_status(answer, 410, "Expired", "too old to display a consistent list")
        rest = self.request("GET", f"{CONFIGMAPS}?continue=" +
                            answer.json["metadata"]["continue"], expect=200).json
        self.assertEqual([i["metadata"]["name"] for i in rest["items"]], ["c1", "c2"])

    def test_metadata_alone_is_given_on_request(self):
        self.create("a", {"k": "v"})
        accept = "application/json;as=PartialObjectMetadata%s;g=meta.k8s.io;v=v1"
        one = self.request("GET", f"{CONFIGMAPS}/a", headers={"Accept": accept % ""}).json
        self.assertEqual(one["kind"], "PartialObjectMetadata")
        self.assertNotIn("data", one)
        many = self.request("GET", CONFIGMAPS, headers={"Accept": accept % "List"}).json
        self.assertEqual(many["kind"], "PartialObjectMetadataList")
        self.assertEqual(many["items"][0]["metadata"]["name"], "a")

    def test_revisions_of_the_future_are_told(self):
        self.assert_status(self.request("GET", f"{CONFIGMAPS}?resourceVersion=999999999"), 504,
                           "Timeout", "Too large resource version")
        self.request("GET", f"{CONFIGMAPS}?resourceVersion=0", expect=200)
        self.assert_status(
            self.request("GET", f"{CONFIGMAPS}?resourceVersion=1&resourceVersionMatch=Exact"), 410,
            "Expired", "too old")

    def test_bad_selectors_are_refused(self):
        self.assert_status(self.request("GET", f"{CONFIGMAPS}?fieldSelector=spec.x=1"), 400,
                           "BadRequest", "spec.x")
        self.assertEqual(self.request("GET", f"{CONFIGMAPS}?labelSelector=a%20in").status, 400)

    def test_large_answers_are_compressed_for_who_takes_it(self):
        self.create("big", {"k": "x" * 200_000})
        connection = self.server.connection()
        connection.request("GET", f"{CONFIGMAPS}/big", headers={"Accept-Encoding": "gzip"})
        response = connection.getresponse()
        self.assertEqual(response.headers["Content-Encoding"], "gzip")
        body = json.loads(gzip.decompress(response.read()))
        self.assertEqual(len(body["data"]["k"]), 200_000)
        connection.close()
        self.assertIsNone(self.request("GET", f"{CONFIGMAPS}/big").headers["Content-Encoding"])

    def test_discovery_is_not_sent_twice(self):
        accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
        first = self.request("GET", "/apis", headers={"Accept": accept}, expect=200)
        self.assertEqual(first.headers["Content-Type"], accept)
        again = self.request("GET", "/apis", headers={"Accept": accept,
                                                      "If-None-Match": first.headers["ETag"]})
        self.assertEqual(again.status, 304)
        self.assertEqual(self.request("GET", "/apis").json["kind"], "APIGroupList")
        self.assertEqual(self.request("GET", "/api/v1").json["kind"], "APIResourceList")

    # Watching.

    def test_a_watch_tells_what_happens_after_a_revision(self):
        made = self.create("a")
        with self.watch("&resourceVersion=" + made["metadata"]["resourceVersion"]) as watch:
            self.patch("a", {"data": {"k": "v"}})
            self.request("DELETE", f"{CONFIGMAPS}/a")
            events = [watch.next() for _ in range(2)]
        self.assertEqual([e["type"] for e in events], ["MODIFIED", "DELETED"])
        self.assertEqual(events[0]["object"]["data"], {"k": "v"})

    def test_a_watch_without_a_revision_starts_with_what_is_there(self):
        self.create("a")
        with self.watch() as watch:
            event = watch.next()
        self.assertEqual((event["type"], event["object"]["metadata"]["name"]), ("ADDED", "a"))

    def test_what_leaves_the_selection_is_deleted_and_what_enters_is_added(self):
        self.create("a", labels={"tier": "web"})
        with self.watch("&labelSelector=tier%3Dweb") as watch:
            self.assertEqual(watch.next()["type"], "ADDED")
            left = self.patch("a", {"metadata": {"labels": {"tier": "db"}}})
            event = watch.next()
            self.assertEqual(event["type"], "DELETED")
            self.assertEqual(event["object"]["metadata"]["resourceVersion"],
                             left["metadata"]["resourceVersion"])
            self.patch("a", {"metadata": {"labels": {"tier": "web"}}})
            self.assertEqual(watch.next()["type"], "ADDED")

    def test_a_watch_list_ends_its_beginning_with_a_bookmark(self):
        self.create("a")
        with self.watch("&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
                        "&allowWatchBookmarks=true") as watch:
            self.assertEqual(watch.next()["type"], "ADDED")
            mark = watch.next()
        self.assertEqual(mark["type"], "BOOKMARK")
        self.assertEqual(mark["object"]["metadata"]["annotations"],
                         {"k8s.io/initial-events-end": "true"})
        self.assertEqual(mark["object"]["kind"], "ConfigMap")

    def test_a_watch_ends_when_its_time_is_over(self):
        with self.watch("&timeoutSeconds=1") as watch:
            self.assertIsNone(watch.next())
            # The connection lives on.
            watch.connection.request("GET", "/healthz")
            self.assertEqual(watch.connection.getresponse().read(), b"ok")

    def test_a_watch_gives_rows_to_who_wants_them(self):
        self.create("a", {"k": "v"})
        with self.watch(headers={"Accept": TABLE}) as watch:
            table = watch.next()["object"]
        self.assertEqual(table["kind"], "Table")
        self.assertEqual(table["rows"][0]["cells"][:2], ["a", 1])

    def test_a_watch_from_the_future_is_told(self):
        answer = self.request("GET", f"{CONFIGMAPS}?watch=1&resourceVersion=999999999")
        self.assertEqual(answer.status, 410)

    def test_many_watches_see_one_change(self):
        revision = self.create("a")["metadata"]["resourceVersion"]
        watches = [self.watch(f"&resourceVersion={revision}") for _ in range(50)]
        self.patch("a", {"data": {"k": "v"}})
        for watch in watches:
            self.assertEqual(watch.next()["type"], "MODIFIED")

    # The connection.

    def test_a_connection_serves_many_requests(self):
        connection = self.server.connection()
        for _ in range(20):
            connection.request("GET", "/version")
            self.assertEqual(json.loads(connection.getresponse().read())["major"], "1")
        connection.close()

    def test_what_is_no_http_is_refused(self):
        with socket.create_connection((self.server.url.hostname, self.server.url.port)) as raw:
            raw.settimeout(10)
            with self.server.tls.wrap_socket(raw, server_hostname="localhost") as tls:
                tls.sendall(b"nonsense\r\n\r\n")
                self.assertIn(b"400 Bad Request", tls.recv(1000))

    def test_a_taken_port_is_told(self):
        done = subprocess.run([str(SERVER), str(self.server.folder / "other"),
                               str(self.server.url.port)], capture_output=True, text=True,
                              timeout=30)
        self.assertEqual(done.returncode, 1)
        self.assertIn("another program uses the port", done.stderr)


class ShutdownTest(unittest.TestCase):
    def test_watches_end_cleanly_when_the_server_stops(self):
        with ApiTestServer() as server:
            with Watch(server, f"{CONFIGMAPS}?watch=1&resourceVersion=0") as watch:
                self.assertEqual(watch.status, 200)
                self.assertEqual(server.stop(), 0)
                self.assertIsNone(watch.next())


if __name__ == "__main__":
    unittest.main()
