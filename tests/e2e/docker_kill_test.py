"""kill -9 of the server while it makes and deletes a cluster of containers: in the end the cluster stood,
nothing was made twice, and the engine holds nothing of it.

CAPSTAN_SEED chooses the moments. What is lost with the server is the answer, not the request: the
engine goes on with what it was asked for.
"""

import os
import random
import time
import unittest

from capstan_server import eventually
from docker_engine import VERSION, skip_unless_possible
from docker_test_case import UP, DockerTestCase, state_on_failure

# Seconds after the last start: the balancer, the first node, its bootstrap, the worker; then the end.
WHILE_MADE = [(0.1, 1.0), (0.1, 2.0), (0.5, 4.0), (5.0, 20.0)]
WHILE_DELETED = [(0.1, 1.0), (0.1, 1.5)]


class DockerKillTest(DockerTestCase):
    def kill_and_restart(self, moments, dice):
        for least, most in moments:
            time.sleep(dice.uniform(least, most))  # the moment is what is random
            self.footprint.remember_volumes()
            self.server.kill()
            self.server.start()

    @state_on_failure
    def test_a_cluster_of_containers_survives_kills_while_it_is_made_and_deleted(self):
        seed = int(os.environ.get("CAPSTAN_SEED", time.time()))
        print(f"CAPSTAN_SEED={seed}", flush=True)
        dice = random.Random(seed)
        name = "e2e-kill"
        self.serve(name)
        self.give_pod_network()
        self.server.apply(self.server.generate(name, "docker", flavor="development",
                                               version=VERSION, workers=1))
        self.kill_and_restart(WHILE_MADE, dice)
        self.wait_available(name, UP)
        self.wait_nodes(self.workload(name), 2)
        self.expect_nothing_twice(name)
        self.server.kubectl("delete", "cluster", name, "--wait=false")
        self.kill_and_restart(WHILE_DELETED, dice)
        eventually(lambda: self.server.get("cluster", name) is None, 180, "the Cluster is gone",
                   pause=0.5)
        self.expect_gone()

    @state_on_failure
    def test_a_cluster_that_is_deleted_while_it_is_made_leaves_nothing(self):
        seed = int(os.environ.get("CAPSTAN_SEED", time.time()))
        print(f"CAPSTAN_SEED={seed}", flush=True)
        dice = random.Random(seed)
        moments = {"e2e-cut-a": (0.05, 0.6), "e2e-cut-b": (0.5, 2.5), "e2e-cut-c": (1.5, 4.0)}
        self.serve(*moments)
        for name, moment in moments.items():
            self.server.apply(self.server.generate(name, "docker", flavor="development",
                                                   version=VERSION, workers=1))
            self.kill_and_restart([moment], dice)
            self.server.kubectl("delete", "cluster", name, "--wait", "--timeout=120s", timeout=130)
            self.expect_gone()


if __name__ == "__main__":
    skip_unless_possible()
    unittest.main(verbosity=2)
