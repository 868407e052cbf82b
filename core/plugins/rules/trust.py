"""The trust store: whose signatures are believed, for which plugins, until when; what was agreed to. Never a repository's."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from core.domain.plugins.plugin import Permissions
from core.domain.plugins.policy import Agreement, with_agreement
from core.domain.untrusted.globs import name_matches
from core.errors import UsageError
from core.plugins.rules.statement import instant

#: How long plugins still run after the revocation list should have been renewed.
LIST_GRACE = 30 * 86400
#: The year 9999, Unix time in seconds.
_END_OF_TIME = 253_402_300_800
#: Key id of revocations that this user made, not a list.
_BY_USER = "this user"


class Role(StrEnum):
    """What a key is believed about."""

    AUTHOR = "author"
    CERTIFIER = "certifier"
    REVOKER = "revoker"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """A verification key and what its owner calls it."""

    #: 32 bytes, base64.
    public: str
    name: str

    @property
    def id(self) -> str:
        """32 hexadecimal digits that name the key."""
        return key_id(base64.b64decode(self.public))


def key_id(raw: bytes) -> str:
    """Return the id of a public key of 32 bytes."""
    return hashlib.sha256(raw).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedKey:
    """A public key and how far it is believed."""

    public: str
    name: str
    roles: tuple[str, ...] = (Role.AUTHOR,)
    #: Plugin ids or globs.
    scopes: tuple[str, ...] = ()
    #: Unix time in seconds; None: no limit.
    not_before: int | None = None
    not_after: int | None = None

    @property
    def id(self) -> str:
        return key_id(base64.b64decode(self.public))

    def objection(self, role: Role, plugin: str, now: float) -> str:
        """Return why this key is not believed in ``role`` about ``plugin``, as words to follow its name, or an empty string."""
        if role not in self.roles:
            return f"is not trusted as {role}"
        if role is not Role.REVOKER and not any(name_matches(plugin, scope) for scope in self.scopes):
            return f"is not trusted for {plugin}, only for: {', '.join(self.scopes) or 'nothing'}"
        if self.not_before is not None and now < self.not_before:
            return f"is valid only from {instant(self.not_before)}"
        if self.not_after is not None and now > self.not_after:
            return f"expired on {instant(self.not_after)}"
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """A key or a plugin's digest that is no longer believed, whenever it signed or was signed."""

    target: str
    reason: str
    at: int
    by: str = _BY_USER


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustStore:
    """What this user believes. Immutable: the methods return changed ones; ``save_trust`` writes them."""

    keys: tuple[TrustedKey, ...] = ()
    revoked: tuple[Revocation, ...] = ()
    #: Highest number of a revocation list seen; older lists are refused.
    list_number: int = 0
    #: When that list should have been renewed; None: no list in use.
    list_expires: int | None = None
    #: What plugins may do, and where.
    agreements: tuple[Agreement, ...] = ()

    @property
    def raw(self) -> dict[str, bytes]:
        """The public keys by id, for the signature check."""
        return {key.id: base64.b64decode(key.public) for key in self.keys}

    def key(self, identity: str) -> TrustedKey | None:
        return next((key for key in self.keys if key.id == identity), None)

    def with_key(self, public: PublicKey, roles: Iterable[str], scopes: Iterable[str], not_after: int | None) -> TrustStore:
        """Return the store believing ``public`` as well; a key already there keeps its roles and scopes and gains these."""
        old = self.key(public.id)
        if self.revocation(public.id):
            raise UsageError(f"key {public.id} is revoked", hint="make a new key: orchestrator plugins keygen FILE")
        new = TrustedKey(
            public=public.public,
            name=public.name,
            roles=tuple(sorted({*roles, *(old.roles if old else ())})),
            scopes=tuple(sorted({*scopes, *(old.scopes if old else ())})),
            not_after=not_after,
        )
        return replace(self, keys=(*(key for key in self.keys if key.id != new.id), new))

    def agreement(self, plugin: str, repository: str) -> Agreement | None:
        """Return what was agreed about ``plugin`` in ``repository`` (or ANYWHERE), and nowhere else."""
        return next((each for each in self.agreements if (each.plugin, each.repository) == (plugin, repository)), None)

    def with_agreement(self, new: Agreement) -> TrustStore:
        """Return the store with ``new`` in place of what was agreed about that plugin in that repository."""
        return replace(self, agreements=with_agreement(self.agreements, new))

    def without_agreement(self, plugin: str, repository: str) -> TrustStore:
        """Return the store without what was agreed about ``plugin`` in ``repository``."""
        kept = (each for each in self.agreements if (each.plugin, each.repository) != (plugin, repository))
        return replace(self, agreements=tuple(kept))

    def with_revocation(self, target: str, reason: str, at: float, by: str = _BY_USER) -> TrustStore:
        if self.revocation(target):
            return self
        return replace(self, revoked=(*self.revoked, Revocation(target=target, reason=reason, at=int(at), by=by)))

    def revocation(self, target: str) -> Revocation | None:
        return next((item for item in self.revoked if item.target == target), None)

    def objections(self, identity: str, role: Role, plugin: str, now: float) -> str:
        """Return why the key ``identity`` is not believed in ``role`` about ``plugin``, or an empty string."""
        key = self.key(identity)
        if key is None:
            return f"key {identity} is not in the trust store"
        named = f"key {identity} ({key.name or 'no name'})"
        revoked = self.revocation(identity)
        if revoked:
            return f"{named} was revoked on {instant(revoked.at)}: {revoked.reason}"
        objection = key.objection(role, plugin, now)
        return f"{named} {objection}" if objection else ""

    def staleness(self, now: float) -> tuple[str, bool]:
        """Return what to say about an overdue revocation list, and whether it is so old that nothing runs."""
        if self.list_expires is None or now <= self.list_expires:
            return "", False
        said = f"the revocation list should have been renewed on {instant(self.list_expires)}"
        return said, now > self.list_expires + LIST_GRACE


def trust_document(store: TrustStore) -> dict[str, Any]:
    """Return the JSON value of a store, which ``parse_trust`` reads."""
    return {
        "version": 1,
        "keys": [{"id": key.id, **asdict(key)} for key in store.keys],
        "revoked": [asdict(item) for item in store.revoked],
        "list_number": store.list_number,
        "list_expires": store.list_expires,
        "agreements": [
            {"plugin": item.plugin, "digest": item.digest, "repository": item.repository, "permissions": item.permissions.to_json()}
            for item in store.agreements
        ],
    }


def parse_trust(value: Any) -> TrustStore:
    """Return the store that a JSON value is. Raises KeyError, TypeError, ValueError and AttributeError where it is none."""
    if value["version"] != 1:
        raise ValueError(f"version {value['version']} is not known to this version of the tool")
    keys = tuple(
        TrustedKey(
            public=_public(item["public"]),
            name=str(item["name"]),
            roles=tuple(map(str, item["roles"])),
            scopes=tuple(map(str, item["scopes"])),
            not_before=_time(item["not_before"]),
            not_after=_time(item["not_after"]),
        )
        for item in value["keys"]
    )
    revoked = tuple(
        Revocation(target=str(item["target"]), reason=str(item["reason"]), at=_time(item["at"]) or 0, by=str(item["by"]))
        for item in value["revoked"]
    )
    agreements = tuple(
        Agreement(
            plugin=str(item["plugin"]),
            digest=str(item["digest"]),
            repository=str(item["repository"]),
            permissions=Permissions.from_json(item["permissions"]),
        )
        for item in value.get("agreements", ())
    )
    return TrustStore(
        keys=keys, revoked=revoked, list_number=int(value["list_number"]), list_expires=_time(value["list_expires"]), agreements=agreements
    )


def _time(value: Any) -> int | None:
    """Return a Unix time that a calendar has, or None. Raises ValueError."""
    if value is None or (type(value) is int and 0 <= value < _END_OF_TIME):
        return value
    raise ValueError(f"{value!r} is no time")


def _public(value: Any) -> str:
    if not isinstance(value, str) or len(base64.b64decode(value, validate=True)) != 32:
        raise ValueError("a public key has 32 bytes in base64")
    return value
