"""Which secrets one command keeps out of everything that it writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.domain.untrusted.redaction import Redactor, secret_values


class Masking:
    """Replaces known secrets in text by ``***``; what is learnt later is replaced from then on.

    It begins with the secrets among ``environ``, the variables of this process.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._secret_names: tuple[str, ...] = ()
        self._redactor = Redactor()
        self.learn(environ)

    def __call__(self, text: str) -> str:
        return self._redactor(text)

    def learn(self, variables: Mapping[str, str]) -> None:
        """Mask the secrets among ``variables`` as well."""
        self._redactor = self._redactor.knowing(secret_values(variables, self._secret_names))

    def learn_names(self, secret_names: Sequence[str]) -> None:
        """Take variables that match these globs for secrets, whatever they are called; those of this process are masked at once."""
        self._secret_names = (*self._secret_names, *secret_names)
        self.learn(self._environ)
