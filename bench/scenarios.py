"""What is measured. Each scenario is bounded in count and time and reports rows."""

import concurrent.futures
import json
import pathlib
import re
import statistics
import subprocess
import sys
import time
import urllib.request

import yaml

from servers import ROOT, Capstan, Peer, Workspace, build_dir, tool, usage

GROUP = "bench.example.com"
COLLECTION = f"/apis/{GROUP}/v1beta2/namespaces/default/machines"
FAST = {"VM_STARTUP": "0s", "NODE_STARTUP": "0s", "API_SERVER_STARTUP": "0s", "ETCD_STARTUP": "0s"}
MIB = 1 << 20


def middle(values):
    return round(statistics.median(values), 1)


def start(options, report):
    """From the start of the process to ready: with nothing stored, and with what that left."""
    empty, existing = [], []
    for _ in range(5 * options.rounds):
        with Workspace() as workspace:
            server = workspace.add(Capstan(workspace.path / "capstan"))
            empty.append(server.start()[0])
            server.stop()
            existing.append(server.start()[0])
    for what, values in (("nothing stored", empty), ("existing data", existing)):
        report("start", what, ms=middle(values), min_ms=round(min(values), 1), runs=len(values))


def idle(options, report):
    with Workspace() as workspace:
        server = workspace.add(Capstan(workspace.path / "capstan", ["docker", "kubeadm"]))
        server.start()
        server.stop()
        server.start()
        time.sleep(3)  # what follows the start is not idling
        cpu = usage(server.pid)[0]
        begin = time.monotonic()
        time.sleep(options.idle_seconds)
        now, resident, peak = usage(server.pid)
        share = 100 * (now - cpu) / (time.monotonic() - begin)
        report("idle", "docker and kubeadm", rss_mib=round(resident / MIB, 1),
               peak_mib=round(peak / MIB, 1), cpu_percent=round(share, 2))


def machine_crd():
    """Machine as Capstan ships it, in a group that no controller and no webhook looks at, so that
    both servers do the same work."""
    kinds = subprocess.run([ROOT / "sdk" / "tools" / "capstan-kinds", "crds",
                            ROOT / "runtime" / "lifecycle" / "kinds" / "machine.yaml"],
                           capture_output=True, check=True, text=True).stdout
    crd = next(crd for crd in json.loads(kinds) if crd["spec"]["names"]["kind"] == "Machine")
    crd["metadata"] = {"name": f"machines.{GROUP}"}
    crd["spec"]["group"] = GROUP
    crd["spec"]["conversion"] = {"strategy": "None"}
    crd["spec"]["versions"] = [version for version in crd["spec"]["versions"] if version["storage"]]
    crd["spec"]["names"] = {name: crd["spec"]["names"][name] for name in ("kind", "plural", "singular")
                            if name in crd["spec"]["names"]}
    return crd


def machine_manifest():
    """About as large as a Machine of a real cluster is when it is created."""
    labels = {f"topology.example.com/label-{i}": "value" for i in range(6)}
    return json.dumps({
        "apiVersion": f"{GROUP}/v1beta2", "kind": "Machine",
        "metadata": {"name": "@NAME@", "namespace": "default",
                     "labels": {"cluster.x-k8s.io/cluster-name": "bench", **labels},
                     "annotations": {"bench-count": "@COUNT@", "bench/note": "n" * 400}},
        "spec": {"clusterName": "bench", "version": "v1.34.2", "providerID": "bench:////@NAME@",
                 "failureDomain": "zone-1",
                 "bootstrap": {"dataSecretName": "bench-bootstrap"},
                 "infrastructureRef": {"apiGroup": "infrastructure.cluster.x-k8s.io",
                                       "kind": "BenchMachine", "name": "@NAME@"},
                 "deletion": {"nodeDrainTimeoutSeconds": 10, "nodeVolumeDetachTimeoutSeconds": 10}},
    }, separators=(",", ":"))


def install_crd(server):
    server.call("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", machine_crd())
    deadline = time.monotonic() + 60
    while True:
        try:
            return server.call("GET", COLLECTION)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def api(options, report):
    """Both servers, one operation after the other on each, by one client program."""
    client = tool("apiload")
    if client is None:
        sys.exit("bench: run scripts/build-tools --only apiload first")
    with Workspace() as workspace:
        targets = [workspace.add(Capstan(workspace.path / "capstan"))]
        if not options.no_peer:
            targets.append(workspace.add(Peer(workspace.path / "peer")))
        for server in targets:
            took = server.start()
            if server.name != "capstan":
                report("start", server.name, ms=round(took))
            install_crd(server)
        config = workspace.path / "apiload.json"
        config.write_text(json.dumps({
            "targets": [{"name": server.name, "url": server.url, **server.credentials,
                         "pids": [process.pid for process in server.processes]}
                        for server in targets],
            "collection": COLLECTION, "object": machine_manifest(), "rounds": options.rounds,
            "count": options.count or 2000, "seconds": options.seconds,
            "concurrency": options.concurrency, "watchers": [1, 20, 100], "watchWrites": 100}))
        before = {server.name: cpu_of(server) for server in targets}
        measured = run_client(client, config, report)
        for server in targets:
            sizes = [usage(process.pid)[2] / MIB for process in server.processes]
            report("api", f"{server.name} over the run", peak_mib=round(sum(sizes), 1),
                   cpu_s=round(cpu_of(server) - before[server.name], 1))
        compare(measured, report)


def cpu_of(server):
    return sum(usage(process.pid)[0] for process in server.processes)


def run_client(client, config, report):
    measured = []
    process = subprocess.Popen([client, config], stdout=subprocess.PIPE, text=True)
    try:
        for line in process.stdout:
            row = json.loads(line)
            measured.append(row)
            report("api", f"{row['operation']}, {row['target']}", per_s=round(row["perSecond"], 1),
                   p50_ms=round(row["p50"], 2), p99_ms=round(row["p99"], 2), n=row["requests"],
                   cpu_ms=round(row["serverCpu"], 3),
                   **({"errors": row["errors"], "error": row["firstError"]} if row["errors"] else {}))
    finally:
        process.terminate()
        process.wait()
    return measured


def compare(measured, report):
    """The ratio of each round, so that both sides of it saw about the same machine."""
    by = {(row["operation"], row["round"], row["target"]): row for row in measured}
    for operation in dict.fromkeys(row["operation"] for row in measured):
        key = "p50" if operation.startswith("watch") else "perSecond"
        ratios, cpu_ratios = [], []
        for round_number in {row["round"] for row in measured}:
            own = by.get((operation, round_number, "capstan"))
            peer = by.get((operation, round_number, "kube-apiserver"))
            if own and peer and own[key] and peer[key]:
                ratios.append(peer[key] / own[key] if key == "p50" else own[key] / peer[key])
            if own and peer and own["serverCpu"] and peer["serverCpu"]:
                cpu_ratios.append(peer["serverCpu"] / own["serverCpu"])
        if ratios:
            report("ratio", operation, times=middle(ratios),
                   rounds=[round(ratio, 1) for ratio in ratios],
                   cpu_times=middle(cpu_ratios) if cpu_ratios else None)


def clusters(options, report):
    """N clusters that only pretend (provider memory): applied at once, until all are Available;
    deleted at once, until all are gone."""
    count = options.count or 20
    with Workspace() as workspace:
        server = workspace.add(Capstan(workspace.path / "capstan", ["kubeadm", "memory"]))
        server.start()
        manifests = [generate(server, f"bench-{i}", options.startup_delays) for i in range(count)]
        cpu = usage(server.pid)[0]
        begin = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda objects: [create(server, item) for item in objects], manifests))
        applied = time.monotonic() - begin
        available = watch_clusters(server, count, is_available, 600)
        now, resident, peak = usage(server.pid)
        report("clusters", f"{count} up", seconds=round(available - begin, 1),
               applied_s=round(applied, 1), cpu_s_each=round((now - cpu) / count, 3),
               rss_mib=round(resident / MIB), peak_mib=round(peak / MIB))
        settle(server, count, options, report)
        cpu = usage(server.pid)[0]
        begin = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda i: server.send("DELETE", f"{CLUSTERS}/bench-{i}", None), range(count)))
        gone = watch_clusters(server, count, lambda event: event["type"] == "DELETED", 300)
        report("clusters", f"{count} gone", seconds=round(gone - begin, 1),
               cpu_s_each=round((usage(server.pid)[0] - cpu) / count, 3))


CLUSTERS = "/apis/cluster.x-k8s.io/v1beta2/namespaces/default/clusters"


def settle(server, count, options, report):
    cpu = usage(server.pid)[0]
    time.sleep(options.idle_seconds)
    now, resident, _ = usage(server.pid)
    report("clusters", f"idle with {count}", rss_mib=round(resident / MIB),
           cpu_percent=round(100 * (now - cpu) / options.idle_seconds, 2))


def generate(server, name, delays):
    words = [build_dir() / "bin" / "capstan", "generate", "cluster", name, "--infrastructure",
             "memory", "--kubernetes-version", "v1.34.2", "--control-plane-machine-count=1",
             "--worker-machine-count=1"]
    environment = {"HOME": str(server.home), "KUBECONFIG": str(server.home / "data/admin.kubeconfig"),
                   "PATH": "/usr/bin:/bin", **({} if delays else FAST)}
    done = subprocess.run(words, capture_output=True, text=True, check=True, env=environment)
    return [item for item in yaml.safe_load_all(done.stdout) if item]


def create(server, item):
    group, _, version = item["apiVersion"].rpartition("/")
    base = f"/apis/{group}/{version}" if group else f"/api/{version}"
    plural = item["kind"].lower() + "s"
    namespace = item["metadata"].setdefault("namespace", "default")
    server.send("POST", f"{base}/namespaces/{namespace}/{plural}", item)


def is_available(event):
    conditions = event["object"].get("status", {}).get("conditions", [])
    return any(c["type"] == "Available" and c["status"] == "True" for c in conditions)


def watch_clusters(server, count, wanted, seconds):
    """When the last of them was seen to be as wanted, by one watch over all."""

    listed = json.loads(server.call("GET", CLUSTERS))
    seen = {item["metadata"]["name"] for item in listed["items"] if wanted({"type": "", "object": item})}
    if wanted({"type": "DELETED", "object": {}}):
        seen = {f"bench-{i}" for i in range(count)} - {i["metadata"]["name"] for i in listed["items"]}
    address = (f"{server.url}{CLUSTERS}?watch=true&timeoutSeconds={seconds}"
               f"&resourceVersion={listed['metadata']['resourceVersion']}")
    with urllib.request.urlopen(address, context=server.context(), timeout=seconds) as events:
        while len(seen) < count:
            line = events.readline()
            if not line:
                raise RuntimeError(f"only {len(seen)} of {count} clusters after {seconds} s")
            event = json.loads(line)
            if wanted(event):
                seen.add(event["object"]["metadata"]["name"])
    return time.monotonic()


def micro(options, report):
    """The Google Benchmarks beside the code."""
    del options
    programs = sorted(pathlib.Path(build_dir()).rglob("*_benchmark"))
    for program in [path for path in programs if path.is_file()
                    and path.name != "isolation_benchmark"]:
        done = subprocess.run([program, "--benchmark_format=json", "--benchmark_min_time=0.2"],
                              capture_output=True, text=True, timeout=600, check=False)
        if done.returncode != 0:
            report("micro", program.name, error=(done.stderr.strip().splitlines() or ["failed"])[-1])
            continue
        for result in json.loads(re.sub(r"\A[^{]*", "", done.stdout))["benchmarks"]:
            if result.get("error_occurred"):
                report("micro", result["name"], error=result["error_message"])
                continue
            rate = {"per_s": round(result["items_per_second"])} if "items_per_second" in result else {}
            report("micro", f"{program.name}: {result['name']}",
                   cpu=f"{result['cpu_time']:.4g} {result['time_unit']}",
                   wall=f"{result['real_time']:.4g} {result['time_unit']}", **rate)


def plugins(options, report):
    """What a plugin's call costs in each isolation, against a function and gRPC, and what its start
    costs; interleaved by isolation_benchmark itself."""
    del options
    program = next(pathlib.Path(build_dir()).rglob("isolation_benchmark"), None)
    if program is None:
        report("plugins", "isolation_benchmark", error="not built")
        return
    done = subprocess.run([program, "--benchmark_format=json"], capture_output=True, text=True,
                          timeout=900, check=True)
    figures = {}
    for result in json.loads(re.sub(r"\A[^{]*", "", done.stdout))["benchmarks"]:
        to_us = {"ns": 1e-3, "us": 1, "ms": 1e3, "s": 1e6}[result["time_unit"]]
        name = result["run_name"].replace("/real_time", "").replace("/bytes:", " ")
        figures.setdefault(name, {})[result["aggregate_name"]] = result["real_time"] * to_us
    for name, figure in sorted(figures.items()):
        peer = figures.get("call/grpc " + name.rpartition(" ")[2])
        ratio = {"grpc_times": round(peer["median"] / figure["median"], 1)} if peer else {}
        report("plugins", name, us=float(f"{figure['median']:.4g}"),
               min_us=float(f"{figure['min']:.4g}"), **ratio)


ALL = {"start": start, "idle": idle, "api": api, "clusters": clusters, "micro": micro,
       "plugins": plugins}
