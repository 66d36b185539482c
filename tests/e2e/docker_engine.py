"""What tests with real containers need of the engine: whether they can run here at all, what of a
cluster is there, and that nothing stays behind.
"""

import os
import signal
import subprocess
import sys

from capstan_server import ROOT, find_tool

SKIPPED = 77  # what ctest takes for "not run here"
VERSION = os.environ.get("CAPSTAN_E2E_VERSION", "v1.34.2")
IMAGES = [f"capstan/node:{VERSION}", "capstan/load-balancer:v1"]


def docker(*words, check=True, timeout=120):
    done = subprocess.run(["docker", *words], capture_output=True, text=True, timeout=timeout)
    if check and done.returncode != 0:
        raise AssertionError(f"docker {' '.join(words)}: {done.stderr}")
    return done.stdout


def why_not_here():
    """The reason why clusters of containers cannot be made here, with the remedy; "" where they can."""
    try:
        engine = subprocess.run(["docker", "version"], capture_output=True, timeout=30)
    except FileNotFoundError:
        return "the docker command is missing: scripts/install-packages node"
    if engine.returncode != 0:
        return "no Docker Engine answers: scripts/docker-engine start"
    for image in IMAGES:
        if not docker("images", "--quiet", image):
            script = "load-balancer-image" if "balancer" in image else "node-image"
            return f"image {image} is missing: scripts/{script}"
    if find_tool("kubectl") is None:
        return "kubectl is missing: scripts/build-tools"
    contained = subprocess.run([ROOT / "scripts" / "contain-network", "--status"],
                               capture_output=True, text=True)
    if contained.returncode != 0 or "br-+" not in contained.stdout:
        return "containers could reach other machines: scripts/contain-network --all"
    return ""


def stopped(number, _frame):
    raise AssertionError(f"stopped by signal {number}")


def skip_unless_possible():
    reason = why_not_here()
    if reason:
        print(f"skipped: {reason}")
        sys.exit(SKIPPED)
    # So that a test that is stopped cleans up like one that fails.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stopped)


def lines(text):
    return [line for line in text.splitlines() if line]


class Footprint:
    """Everything on the engine that clusters of these names own, on a network of their own."""

    def __init__(self, network, *clusters):
        self.network = network
        self.clusters = clusters
        self.volumes = set()

    def containers(self, cluster=None, state=None):
        """Names of containers, stopped ones too."""
        names = []
        for name in [cluster] if cluster else self.clusters:
            words = ["ps", "--all", "--format", "{{.Names}}",
                     "--filter", f"label=capstan.dev/cluster={name}"]
            if state:
                words += ["--filter", f"status={state}"]
            names += lines(docker(*words))
        return sorted(names)

    def remember_volumes(self):
        """Volumes have no labels: they are known by the containers that mount them."""
        for name in self.containers():
            # One that goes at this moment takes its volume along.
            mounts = docker("inspect", "--format",
                            '{{range .Mounts}}{{if eq .Type "volume"}}{{.Name}} {{end}}{{end}}',
                            name, check=False)
            self.volumes |= set(mounts.split())
        return self.volumes

    def left(self):
        """What is still there, as words for a message; empty where all is gone."""
        found = [f"container {name}" for name in self.containers()]
        present = set(lines(docker("volume", "ls", "--quiet")))
        found += [f"volume {name}" for name in sorted(self.volumes & present)]
        networks = lines(docker("network", "ls", "--format", "{{.Name}}"))
        found += [f"network {name}" for name in networks if name == self.network]
        return found

    def remove(self):
        """Whatever a failed test left."""
        self.remember_volumes()
        for name in self.containers():
            docker("rm", "--force", "--volumes", name, check=False)
        present = set(lines(docker("volume", "ls", "--quiet")))
        for name in self.volumes & present:
            docker("volume", "rm", "--force", name, check=False)
        if self.network in lines(docker("network", "ls", "--format", "{{.Name}}")):
            docker("network", "rm", self.network, check=False)
