"""What every fault needs: the tool, ready to be forked, and a repository to harm."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.laboratory import Laboratory
from tests.faults.lives import Lives
from tests.faults.zygote import Zygote


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Its storms keep every core busy themselves, several trials at a time; beside others they would only be slower."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.alone)


@pytest.fixture(scope="package")
def zygote() -> Iterator[Zygote]:
    """One for all faults, and none beside the other tests: some of them count the children of this process."""
    zygote = Zygote()
    yield zygote
    zygote.close()


@pytest.fixture(scope="package")
def lives(tmp_path_factory: pytest.TempPathFactory, zygote: Zygote) -> Lives:
    return Lives(tmp_path_factory.mktemp("lives"), zygote)


@pytest.fixture
def laboratory(tmp_path: Path, zygote: Zygote) -> Iterator[Laboratory]:
    laboratory = Laboratory(tmp_path / "repository", zygote)
    yield laboratory
    laboratory.close()
