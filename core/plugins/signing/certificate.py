"""The certification report inside a plugin: an envelope by a certifier, about exactly these files."""

from __future__ import annotations

from typing import Any

from core.json_text import parse_json
from core.plugins.signing.envelope import open_envelope, seal, signers
from core.plugins.signing.listing import FileEntry
from core.plugins.signing.statement import canonical, tree_digest
from core.plugins.signing.trust import Role, TrustStore

REPORT_TYPE = "application/vnd.orchestrator.certification+json"


def seal_report(report: dict[str, Any], private_key: Any) -> bytes:
    """Return the signed report."""
    return seal(REPORT_TYPE, canonical(report), private_key)


def certificate_objection(content: bytes | None, plugin: str, files: tuple[FileEntry, ...], trust: TrustStore, now: float) -> str:
    """Return why a plugin does not count as certified, or an empty string."""
    if content is None:
        return "not certified: it has no certification report"
    try:
        envelope = open_envelope(content)
        report = parse_json(envelope.payload)
        subject, verdict = report["tree"], report["verdict"]
    except (ValueError, KeyError, TypeError):
        return "not certified: its certification report is damaged"
    good = signers(envelope, trust.raw)
    if not good or envelope.payload_type != REPORT_TYPE:
        return "not certified: no certifier in the trust store signed its report"
    objections = [trust.objections(key, Role.CERTIFIER, plugin, now) for key in good]
    if all(objections):
        return f"not certified: {objections[0]}"
    if subject != tree_digest(files):
        return "not certified: the report is about other files"
    return "" if verdict == "passed" else f"not certified: the verdict is {verdict}"
