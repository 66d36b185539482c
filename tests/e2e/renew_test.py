"""A server that starts itself anew (SIGUSR2) under its plugins: their processes go on with what they
have in memory, nothing that was to be done is lost, and what has changed meanwhile counts."""

import json
import os
import pathlib
import random
import shutil
import signal
import threading
import time
import unittest

from capstan_server import BUILD, ROOT, CommandFailed, Server, condition, eventually

CALM = BUILD / "tests" / "plugin_chaos" / "plugins" / "calm.so"
CALMS = 40


def is_there(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


class RenewTest(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.__exit__)
        self.file = self.server.home / "calm.so"
        shutil.copy(CALM, self.file)
        self.server.config = self.config("kubeadm", "memory", "hello-python", "calm")
        self.server.start()

    def config(self, *names):
        plugins = {
            "kubeadm": {"name": "kubeadm", "isolation": "process"},
            "memory": {"name": "memory", "isolation": "sandbox"},
            "hello-python": {"name": "hello-python", "isolation": "process",
                             "file": str(ROOT / "examples" / "hello-python")},
            "calm": {"name": "calm", "isolation": "process", "file": str(self.file),
                     "settings": {"folder": str(self.server.home)}}}
        return json.dumps({"plugins": [plugins[name] for name in names]})

    def processes(self):
        """plugin -> pid, of all processes that the server has."""
        found = {}
        tasks = f"/proc/{self.server.process.pid}/task"
        for task in os.listdir(tasks):
            try:
                for pid in pathlib.Path(f"{tasks}/{task}/children").read_text().split():
                    words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
                    found[words[1].decode() if len(words) > 1 else "?"] = int(pid)
            except OSError:
                continue  # it has just ended
        return found

    def renew(self, config=None):
        if config is not None:
            (self.server.home / "config.yaml").write_text(config)
        starts = self.server.log(1_000_000).count("Serving on")
        self.server.process.send_signal(signal.SIGUSR2)
        eventually(lambda: self.server.process.poll() is not None or
                   self.server.log(1_000_000).count("Serving on") > starts, 60, "it serves again")
        self.server.wait_ready()

    def make_calms(self):
        self.server.apply("\n---\n".join(json.dumps(
            {"apiVersion": "test.capstan.dev/v1", "kind": "Calm", "spec": {"value": 0},
             "metadata": {"name": f"o{number}", "namespace": "default"}})
            for number in range(CALMS)))

    # Each value to all objects, again where the server is just away.
    def change_calms(self, values, stop):
        for value in values:
            for number in range(CALMS):
                while not stop.is_set():
                    try:
                        self.server.kubectl("patch", "calm", f"o{number}", "--type=merge", "-p",
                                            json.dumps({"spec": {"value": value}}))
                        break
                    except CommandFailed:
                        continue

    def all_seen(self):
        return all(item.get("status", {}).get("observedGeneration") == item["metadata"]["generation"]
                   and item["status"].get("value") == item["spec"]["value"]
                   for item in self.server.get("calms"))

    def test_processes_go_on_and_no_work_is_lost(self):
        server = self.server
        before = self.processes()
        self.assertEqual(sorted(before), ["calm", "hello-python", "kubeadm", "memory"])
        server.apply(server.generate("c1"))
        eventually(lambda: condition(server.get("cluster", "c1"), "Available") == "True", 60,
                   "the cluster is Available")
        kubeconfig = server.home / "c1.kubeconfig"
        kubeconfig.write_text(server.capstan("get", "kubeconfig", "c1").stdout)
        self.make_calms()
        stop = threading.Event()
        self.addCleanup(stop.set)
        changes = threading.Thread(target=self.change_calms, args=(range(1, 4), stop))
        changes.start()
        renewals = 0
        while changes.is_alive() or renewals < 3:
            self.renew()
            renewals += 1
            self.assertEqual(self.processes(), before, server.log())
            # The pretended cluster is in the plugin's memory, and so are its connections.
            nodes = server.kubectl("--kubeconfig", kubeconfig, "get", "nodes").stdout
            self.assertEqual(nodes.count(" Ready "), 2, nodes)
        changes.join()
        print(f"{renewals} renewals", flush=True)
        eventually(self.all_seen, 30, "every object's last generation was seen")
        self.assertFalse((server.home / "overlap").exists(), "no object is in two calls at once")
        server.kubectl("scale", "machinedeployment", "--all", "--replicas=2")
        eventually(lambda: len([machine for machine in server.get("machines")
                                if machine.get("status", {}).get("phase") == "Running"]) == 3, 60,
                   "plugins that went on do their work")
        def files():
            pids = [server.process.pid, *before.values()]
            return [len(os.listdir(f"/proc/{pid}/fd")) for pid in pids]

        # Connections to the pretended cluster come and go: the fewest of some moments.
        def fewest():
            counts = [files()]
            for _ in range(20):
                time.sleep(0.05)
                counts.append(files())
            return [min(of_one) for of_one in zip(*counts)]
        self.renew()
        had = fewest()
        for _ in range(3):
            self.renew()
        eventually(lambda: all(now <= then for now, then in zip(fewest(), had)), 20,
                   f"no descriptor is left over; before: {had}")
        server.kubectl("delete", "cluster", "c1", "--timeout=60s")
        self.assertEqual(server.stop(), 0)
        self.assertEqual([pid for pid in before.values() if is_there(pid)], [])

    def test_what_has_changed_is_started_anew(self):
        before = self.processes()
        later = self.server.home / "later.so"
        shutil.copy(CALM, later)
        later.rename(self.file)
        self.renew(self.config("calm", "memory"))
        after = self.processes()
        self.assertEqual(sorted(after), ["calm", "memory"], self.server.log())
        self.assertEqual(after["memory"], before["memory"])
        self.assertNotEqual(after["calm"], before["calm"])
        self.assertFalse(is_there(before["calm"]))
        self.assertFalse(is_there(before["hello-python"]))
        self.make_calms()
        eventually(self.all_seen, 30, "the new process works")

    def test_a_process_that_went_on_is_watched_as_before(self):
        self.renew()
        crashed = self.processes()["calm"]
        os.kill(crashed, signal.SIGKILL)
        eventually(lambda: self.processes().get("calm", crashed) != crashed, 30, "it is replaced")
        self.make_calms()
        eventually(self.all_seen, 30, "the new process works")

    def test_processes_end_with_a_server_that_does_not_come_back(self):
        self.renew()
        pids = self.processes().values()
        self.server.kill()
        eventually(lambda: not any(map(is_there, pids)), 10, "they end with it")

    def test_processes_end_with_a_server_that_cannot_start_anew(self):
        pids = self.processes().values()
        (self.server.home / "config.yaml").write_text("plugins: 7\n")
        self.server.process.send_signal(signal.SIGUSR2)
        self.assertEqual(self.server.process.wait(30), 1)
        self.assertIn("plugins", self.server.log(400))
        self.assertEqual([pid for pid in pids if is_there(pid)], [], "they end before it")

    def test_a_program_that_is_gone_is_found_out_before_anything_ends(self):
        program = self.server.home / "installed" / "bin" / "capstan"
        self.server.stop()
        program.parent.mkdir(parents=True)
        (program.parent.parent / "lib").symlink_to(BUILD / "lib")
        shutil.copy(BUILD / "bin" / "capstan", program)
        shutil.copy(BUILD / "bin" / "capstan-plugin-host", program.parent)
        self.server.program = program
        self.server.start()
        before = self.processes()
        program.unlink()
        self.server.process.send_signal(signal.SIGUSR2)
        eventually(lambda: "going on as before" in self.server.log(), 20, "it says so")
        self.assertEqual(self.server.kubectl("get", "--raw", "/readyz").stdout, "ok")
        self.assertEqual(self.processes(), before)

    def test_signals_at_any_moment_of_a_start(self):
        before = self.processes()
        random_moments = random.Random(4)
        for _ in range(15):
            self.server.process.send_signal(signal.SIGUSR2)
            time.sleep(random_moments.uniform(0, 0.4))
        self.server.wait_ready()
        eventually(lambda: self.processes() == before, 30, "their processes went on")
        self.server.process.send_signal(signal.SIGUSR2)
        time.sleep(random_moments.uniform(0, 0.1))
        self.assertEqual(self.server.stop(), 0)
        self.assertEqual([pid for pid in before.values() if is_there(pid)], [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
