"""The fake cloud."""

from __future__ import annotations

import pytest

from @PACKAGE@.cloud import FakeCloud
from capstan import Invalid, NotFound


def test_what_was_made_is_ready_at_the_second_look(cloud: FakeCloud) -> None:
    assert not cloud.create("server", "tag", {}).ready
    first, second = cloud.find("server", "tag"), cloud.find("server", "tag")
    assert first is not None and not first.ready
    assert second is not None and second.ready


def test_a_tag_is_made_once(cloud: FakeCloud) -> None:
    made = cloud.create("server", "tag", {"size": "small"})
    again = cloud.create("server", "tag", {"size": "large"})
    assert again.id == made.id
    assert again.properties == {"size": "small"}


def test_what_is_gone_is_deleted(cloud: FakeCloud) -> None:
    cloud.create("server", "tag", {})
    cloud.delete("server", "tag")
    cloud.delete("server", "tag")
    assert cloud.find("server", "tag") is None
    with pytest.raises(NotFound):
        cloud.update("server", "tag", {})


def test_a_folder_is_absolute() -> None:
    with pytest.raises(Invalid):
        FakeCloud("cloud")
