"""The life of a greeting, without Capstan: python3 -m pytest"""

import hello
import pytest

from capstan.testing import PluginUnderTest, ReconciledObject


@pytest.fixture
def greeting() -> ReconciledObject:
    hello.CLOUD.clear()
    return PluginUnderTest(hello.Greeting).object({
        "apiVersion": "hello.capstan.dev/v1alpha1", "kind": "Greeting",
        "metadata": {"name": "morning", "namespace": "default", "uid": "u1"},
        "spec": {"forProvider": {"text": "good morning"}}})


def test_it_is_made_once_and_becomes_ready(greeting: ReconciledObject) -> None:
    greeting.run()
    assert hello.CLOUD == {"u1": "good morning"}
    assert greeting.condition("Ready") == "True"
    assert greeting.object["status"]["atProvider"] == {"text": "good morning"}


def test_a_changed_text_is_written(greeting: ReconciledObject) -> None:
    greeting.run()
    greeting.object["spec"]["forProvider"]["text"] = "good evening"
    greeting.run()
    assert hello.CLOUD == {"u1": "good evening"}


def test_it_goes_with_its_object(greeting: ReconciledObject) -> None:
    greeting.run()
    greeting.ask_deletion()
    greeting.run()
    assert greeting.gone
    assert hello.CLOUD == {}
