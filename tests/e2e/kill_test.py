"""kill -9 at random moments while clusters are made and deleted: in the end everything has converged,
nothing exists twice and nothing is left over."""

import os
import random
import time
import unittest

from capstan_server import Server, condition, eventually

KILLS = int(os.environ.get("CAPSTAN_KILLS", "50"))
CLUSTERS = 4
FAST = {"VM_STARTUP": "300ms", "NODE_STARTUP": "200ms", "API_SERVER_STARTUP": "200ms",
        "ETCD_STARTUP": "200ms"}


class KillTest(unittest.TestCase):
    def settle_up(self, server, names):
        def up():
            return all(condition(server.get("cluster", name), "Available") == "True"
                       for name in names)
        try:
            eventually(up, 120, "all clusters are Available after the kills", pause=0.3)
        except AssertionError as late:
            trees = [server.capstan("describe", "cluster", name, "--show-conditions", "all",
                                    "--echo", check=False).stdout for name in names]
            raise AssertionError(f"{late}\n" + "\n".join(trees) + server.log()) from late
        machines = server.get("machines")
        for name in names:
            own = [m for m in machines if m["spec"]["clusterName"] == name]
            self.assertEqual(len(own), 3, f"{name}: {[m['metadata']['name'] for m in own]}")
        infra = server.get("devmachines")
        self.assertEqual({m["metadata"]["name"] for m in infra},
                         {m["metadata"]["name"] for m in machines}, "one of each, no orphans")
        ids = [m["spec"]["providerID"] for m in machines]
        self.assertEqual(len(ids), len(set(ids)), "no machine stands for two")

    def settle_gone(self, server):
        def gone():
            return not any(server.get(kind) for kind in
                           ("clusters", "machines", "devmachines", "devclusters", "kubeadmconfigs",
                            "kubeadmcontrolplanes", "machinesets", "machinedeployments"))
        eventually(gone, 120, "nothing is left after the kills", pause=0.3)
        secrets = [s["metadata"]["name"] for s in server.get("secrets")
                   if s["type"] == "cluster.x-k8s.io/secret"]
        self.assertEqual(secrets, [])

    def kill_and_restart(self, server, times, dice):
        for _ in range(times):
            time.sleep(dice.uniform(0.02, 0.6))  # the moment is what is random
            server.kill()
            server.start()

    def test_clusters_survive_kills_while_they_are_made_and_deleted(self):
        seed = int(os.environ.get("CAPSTAN_SEED", time.time()))
        print(f"CAPSTAN_SEED={seed}", flush=True)
        dice = random.Random(seed)
        kills = 0
        with Server() as server:
            round_number = 0
            while kills < KILLS:
                names = [f"k{round_number}-{i}" for i in range(CLUSTERS)]
                for name in names:
                    server.apply(server.generate(name, workers=2, **FAST))
                self.kill_and_restart(server, 7, dice)
                self.settle_up(server, names)
                server.kubectl("delete", "clusters", "--all", "--wait=false")
                self.kill_and_restart(server, 6, dice)
                self.settle_gone(server)
                server.kubectl("delete", "devmachinetemplates,kubeadmconfigtemplates", "--all")
                kills += 13
                round_number += 1
        print(f"{kills} kills", flush=True)


if __name__ == "__main__":
    unittest.main(verbosity=2)
