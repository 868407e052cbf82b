"""Fixtures of the contract suites: each port's twin and its adapters."""

from __future__ import annotations

import pytest

from core.adapters.state_db import open_journal
from core.testing.journal import InMemoryJournal


@pytest.fixture(params=["twin", "sqlite"])
def journal(request, tmp_path):
    opened = InMemoryJournal() if request.param == "twin" else open_journal(tmp_path / "state" / "state.db")
    yield opened
    opened.close()
