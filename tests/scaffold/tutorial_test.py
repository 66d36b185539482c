"""docs/tutorial.md, command by command, as a reader runs it who has an installed Capstan."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import unittest

from installed import BUILD, ROOT, InstalledTest, find_tool

TUTORIAL = ROOT / "docs" / "tutorial.md"
CLOUD = pathlib.Path("/var/tmp/harbour-cloud")  # as the tutorial has it
LEFT_ASIDE = pathlib.Path("/tmp/harbour_machine.h.kept")


def blocks(text, heading):
    """The scripts of a chapter, in order."""
    chapter = re.search(rf"(?ms)^## {re.escape(heading)}$(.*?)(?=^## |\Z)", text).group(1)
    return re.findall(r"(?ms)^```sh\n(.*?)^```$", chapter)


class TutorialTest(InstalledTest):
    def run_chapter(self, heading):
        if find_tool("kubectl") is None:
            self.skipTest("kubectl is missing")
        if CLOUD.exists():
            self.skipTest(f"{CLOUD} is there: somebody else goes through the tutorial")
        text = TUTORIAL.read_text()
        scripts = blocks(text, "What you need") + blocks(text, heading)
        self.assertGreater(len(scripts), 4)
        script = "set -ex -o pipefail\n" + "\n".join(scripts)
        environment = dict(self.environment, HOME=str(self.home))
        environment["PATH"] += f":{pathlib.Path(find_tool('kubectl')).parent}"
        environment.pop("PYTHONPATH")  # the tutorial sets it
        folder = self.home / heading.split()[-1].lower().replace("+", "p")
        folder.mkdir()
        process = subprocess.Popen(["bash", "-c", script], cwd=folder, env=environment,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                   start_new_session=True)
        try:
            output, _ = process.communicate(timeout=1500)
        finally:
            try:  # a server that a failed script left behind
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            shutil.rmtree(CLOUD, ignore_errors=True)
            LEFT_ASIDE.unlink(missing_ok=True)
        self.assertEqual(process.returncode, 0, output[-6000:])
        self.assertRegex(output, r"harbour \S+: \d{3} passed, 0 failed, .* at level 10")
        self.assertIn("modes-agree/crash-anywhere/HarbourMachine", output)
        return output

    def test_in_cpp(self):
        output = self.run_chapter("In C++")
        self.assertIn("condition met", output)
        self.assertNotIn(str(BUILD), output, "nothing is taken from the build")

    def test_in_python(self):
        self.assertIn("condition met", self.run_chapter("In Python"))


if __name__ == "__main__":
    unittest.main()
