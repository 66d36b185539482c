"""Everything of memory_clusters_test with the bundled plugins in processes of their own, and what only
such a process can show: it is killed, and the clusters come back."""

import os
import signal
import unittest

from capstan_server import Server, eventually
from memory_clusters_test import MemoryClustersTest, available

CONFIG = """
plugins:
  - {name: docker, isolation: process}
  - {name: kubeadm, isolation: process}
  - {name: memory, isolation: process}
"""


def plugin_processes(server):
    """The children of the server that run plugins, by the plugin's name."""
    found = {}
    children = f"/proc/{server.process.pid}/task"
    for task in os.listdir(children):
        try:
            with open(f"{children}/{task}/children") as listed:
                pids = listed.read().split()
        except OSError:
            continue  # the thread has just ended
        for child in pids:
            try:
                with open(f"/proc/{child}/cmdline") as line:
                    words = line.read().split("\0")
            except OSError:
                continue  # it has just ended
            if words[0].endswith("capstan-plugin-host"):
                found[words[1]] = int(child)
    return found


def is_running(pid):
    """Whether there is such a process that is not dead; a killed one waits for init to reap it."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class SandboxedMemoryTest(MemoryClustersTest):
    """The infrastructure provider with nothing but what its manifest asks for."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server(config="plugins: [kubeadm, {name: memory, isolation: sandbox}]").start()

    def test_the_sandbox_is_on(self):
        status = self.server.get("plugins", "memory")["status"]
        self.assertEqual((status["state"], status["isolation"]), ("Running", "sandbox"))


class MemoryClustersIsolatedTest(MemoryClustersTest):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(config=CONFIG).start()

    def test_every_plugin_has_a_process_of_its_own(self):
        self.assertEqual(set(plugin_processes(self.server)), {"docker", "kubeadm", "memory"})
        for name in ("docker", "kubeadm", "memory"):
            status = self.server.get("plugins", name)["status"]
            self.assertEqual((status["state"], status["isolation"]), ("Running", "process"))

    def test_a_plugin_that_is_killed_comes_back_and_work_goes_on(self):
        self.create("k1", workers=1)
        before = plugin_processes(self.server)
        os.kill(before["kubeadm"], signal.SIGKILL)
        eventually(lambda: plugin_processes(self.server).get("kubeadm") not in
                   (None, before["kubeadm"]), 30, "kubeadm has a new process")
        self.create("k2", workers=1)
        self.assertTrue(available(self.server, "k1"))
        self.assertEqual(plugin_processes(self.server)["memory"], before["memory"])
        self.expect_gone("k1")
        self.expect_gone("k2")

    def test_the_processes_end_with_the_server_however_it_ends(self):
        with Server(config=CONFIG) as other:
            processes = plugin_processes(other)
            self.assertEqual(len(processes), 3)
            other.kill()
            eventually(lambda: not any(is_running(pid) for pid in processes.values()), 10,
                       "the processes ended")


del MemoryClustersTest  # its cases run here only as those of the class above

if __name__ == "__main__":
    unittest.main(verbosity=2)
