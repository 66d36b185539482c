"""A real `capstan serve` for a test: started on a free port with a data directory of its own, killed
and started again at will, and talked to with real kubectl.

Nothing here sleeps blindly: every wait has a condition and a limit.
"""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CAPSTAN_BUILD_DIR", ROOT / "build" / "dev"))
CAPSTAN = BUILD / "bin" / "capstan"
# Cluster API's own templates and the like; what needs them is skipped where they are absent.
SHARED_DATA = pathlib.Path(os.environ.get("CAPSTAN_SHARED_DATA", ROOT.parent / "shared" / "data"))
CACHE = pathlib.Path(os.environ.get("CAPSTAN_CACHE", pathlib.Path.home() / ".cache" / "capstan"))


def find_tool(name):
    """A tool from the environment ($KUBECTL), what scripts/build-tools made, or PATH; else None."""
    named = os.environ.get(name.upper())
    if named:
        return named
    built = sorted(CACHE.glob(f"tools/*/{name}")) + sorted(CACHE.glob(f"tools/*/bin/{name}"))
    if built:
        return str(built[-1])
    return shutil.which(name)


class CommandFailed(AssertionError):
    """A command that was expected to work did not; the message has all it said."""


def run(command, check=True, stdin=None, timeout=120, env=None):
    done = subprocess.run([str(word) for word in command], input=stdin, capture_output=True,
                          text=True, timeout=timeout, env=env)
    if check and done.returncode != 0:
        raise CommandFailed(f"{' '.join(map(str, command))}\nexit code {done.returncode}\n"
                            f"{done.stdout}\n{done.stderr}")
    return done


class Server:
    """with Server() as server: server.kubectl("get", "clusters")

    CAPSTAN_KEEP_TEST_FILES=1 keeps its data and log for a look afterwards."""

    def __init__(self, config=None, data_dir=None, listen="127.0.0.1:0", program=CAPSTAN):
        self._own_dir = data_dir is None
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="capstan-test-"))
        self.data_dir = pathlib.Path(data_dir) if data_dir else self.home / "data"
        self.config = config
        self.listen = listen
        self.program = program
        self.process = None
        self.starts = 0
        self.environment = dict(os.environ, HOME=str(self.home), KUBECONFIG=str(self.kubeconfig))

    @property
    def kubeconfig(self):
        return self.data_dir / "admin.kubeconfig"

    @property
    def log_file(self):
        return self.home / "server.log"

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
        if os.environ.get("CAPSTAN_KEEP_TEST_FILES"):
            return
        shutil.rmtree(self.home, ignore_errors=True)

    def start(self, wait=True):
        command = [str(self.program), "serve", "--data-dir", str(self.data_dir), "--listen", self.listen]
        if self.config:
            path = self.home / "config.yaml"
            path.write_text(self.config)
            command += ["--config", str(path)]
        self.starts += 1
        self._ready_marker = self.data_dir / "ready"
        with open(self.log_file, "a") as log:
            log.write(f"--- start {self.starts}\n")
            log.flush()
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=self.environment)
        if wait:
            try:
                self.wait_ready()
            except AssertionError:
                self.kill()
                raise
        return self

    def wait_ready(self, seconds=120):
        def ready():
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended with {self.process.returncode}:\n{self.log()}")
            if not self.kubeconfig.exists():
                return False
            try:
                return self.kubectl("get", "--raw", "/readyz", check=False, timeout=10).returncode == 0
            except subprocess.TimeoutExpired:
                return False  # on a starved machine; the limit is that of the wait
        eventually(ready, seconds, "the server is ready", pause=0.02)

    def log(self, last=6000):
        return self.log_file.read_text(errors="replace")[-last:] if self.log_file.exists() else ""

    def kill(self):
        """As a power cut would: no chance to tidy up."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        if self.process:
            self.process.wait()

    def stop(self, seconds=30):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.kill()
                raise AssertionError(f"the server did not end on SIGTERM:\n{self.log()}")
        return self.process.returncode if self.process else None

    def kubectl(self, *words, check=True, stdin=None, timeout=120):
        return run([find_tool("kubectl"), "--kubeconfig", self.kubeconfig, *words], check=check,
                   stdin=stdin, timeout=timeout, env=self.environment)

    def capstan(self, *words, check=True, stdin=None, timeout=300, **variables):
        return run([self.program, *words], check=check, stdin=stdin, timeout=timeout,
                   env=dict(self.environment, **variables))

    def apply(self, manifest):
        return self.kubectl("apply", "-f", "-", stdin=manifest)

    def get(self, kind, name=None, namespace="default"):
        """An object, or the items of a list; None where the object is absent."""
        words = ["get", kind] + ([name] if name else []) + ["-n", namespace, "-o", "json"]
        done = self.kubectl(*words, check=False)
        if done.returncode != 0:
            if "NotFound" in done.stderr or "not found" in done.stderr:
                return None
            raise CommandFailed(done.stderr)
        found = json.loads(done.stdout)
        return found if name else found["items"]

    def generate(self, name, infrastructure="memory", control_planes=1, workers=1,
                 version="v1.34.2", flavor=None, **variables):
        words = ["generate", "cluster", name, "--infrastructure", infrastructure,
                 "--kubernetes-version", version,
                 f"--control-plane-machine-count={control_planes}",
                 f"--worker-machine-count={workers}"]
        if flavor:
            words += ["--flavor", flavor]
        return self.capstan(*words, **variables).stdout


def condition(item, kind):
    """The status of a condition of an object, or None."""
    for entry in (item or {}).get("status", {}).get("conditions", []):
        if entry["type"] == kind:
            return entry["status"]
    return None


def eventually(check, seconds, what, pause=0.1):
    """Waits until check() is true; its last value is given. Fails with `what` after the limit."""
    deadline = time.monotonic() + seconds
    while True:
        value = check()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(pause)
