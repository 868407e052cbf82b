"""What ``orchestrator doctor`` says of the toy wing."""

from __future__ import annotations

from collections.abc import Iterator

from core.domain.settings.diagnosis import Diagnosis
from core.ports.wing import Services
from toy.settings import ToySettings


def diagnose(services: Services) -> Iterator[Diagnosis]:
    yield Diagnosis(subject="toy", found=f"greets with {services.section(ToySettings).word}")
