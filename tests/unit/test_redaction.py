"""Which values are secrets, and that none of them is left in a text, however it is written."""

from __future__ import annotations

import html
import json
import time
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.untrusted.redaction import MASK, Redactor, is_secret, secret_values, without_secrets

SECRETS = {"API_TOKEN": "hunter2-%&<\"'é", "DB_PASSWORD": "s3cr3t pass", "AWS_SECRET_ACCESS_KEY": "abcDEF123456"}


def mask(text, variables=SECRETS, named=()):
    return Redactor().knowing(secret_values(variables, named))(text)


@pytest.mark.parametrize(
    "name",
    ["TOKEN", "GITHUB_TOKEN", "my_secret", "PASSWORD", "MYSQL_PASSWD", "KEY_PASSPHRASE", "OPENAI_API_KEY", "APIKEY", "SSH_PRIVATE_KEY",
     "GOOGLE_APPLICATION_CREDENTIALS", "AWS_ACCESS_KEY_ID", "GITLAB_PAT", "api-token",
     "DB_PASS", "PASS", "MYSQL_PWD", "STRIPE_KEY", "SSH_KEY", "NPM_AUTH", "JWT", "SESSION_COOKIE", "SENTRY_DSN"],
)  # fmt: skip
def test_names_of_secrets(name):
    assert is_secret(name)


@pytest.mark.parametrize("name", ["PATH", "HOME", "SSH_ASKPASS", "PATTERN", "KEYBOARD", "DISPATCH", "LANG", "PAT_TERN", "PWD", "OLDPWD",
     "KEY", "PUBLIC_KEY", "CACHE_KEY", "sort-key", "--key", "SSH_AUTH_SOCK", "BYPASS", "AUTHOR"])  # fmt: skip
def test_names_of_what_is_no_secret(name):
    assert not is_secret(name)


def test_values_too_short_or_that_count_something_are_none():
    assert secret_values({"TOKEN": "1", "SECRET": "", "MAX_TOKENS": "100000", "X_TOKEN": "false", "PASSWORD": "      "}) == frozenset()


def test_what_is_left_of_a_secret_that_was_cut_is_masked():
    secrets = {"API_TOKEN": "tok-4711-abcdef", "DB_PASSWORD": 'pa"ss w%rd'}
    for text in ("x tok-4711-abc…", "tok-4…", "a… tok-tok-4711…", 'pa\\"ss…"', 'pa"ss w%25r…', "tok-4711\\u2026"):
        masked = mask(text, secrets)
        assert "tok-4" not in masked and "ss" not in masked and MASK in masked, masked
    assert mask("tok…, other-4711-abc…", secrets) == "tok…, other-4711-abc…"


def test_a_secret_of_words_is_masked_where_it_was_broken_into_lines():
    assert mask("say: two of\n      these words", {"PASSPHRASE": "two of these words"}) == f"say: {MASK}"


def test_redact_names_variables_by_name_or_glob():
    variables = {"MY_DSN": "abcd", "OTHER": "kept value", "SITE_A": "first", "SITE_B": "second", "SITE_ON": "true", "SITE_NO": "1234"}
    assert secret_values(variables, ["MY_DSN", "SITE_*"]) == {"abcd", "first", "second"}


@pytest.mark.parametrize(
    "write", [str, json.dumps, repr, html.escape, quote, lambda v: json.dumps(v, ensure_ascii=False), lambda v: v.replace("%", "%25")]
)
@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_masked_however_it_is_written(write, name):
    value = SECRETS[name]
    assert value not in mask(f"before {write(value)} behind")
    assert MASK in mask(f"before {write(value)} behind")


@given(
    st.text(max_size=30),
    st.text(max_size=30),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zs"]), min_size=8, max_size=30),
)
def test_no_known_value_is_left_in_any_text(before, behind, value):
    value = value.strip()
    if len(value) >= 6 and not value.isdigit():
        masked = mask(f"{before}{value}{behind}", {"X_TOKEN": value})
        assert value not in masked.replace(MASK, "")


def test_a_key_of_several_lines_is_masked_line_by_line():
    key = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0\nqwertyuiopasdfghjkl\n-----END PRIVATE KEY-----\n"
    masked = mask(f"a\n{key}\nMIIEvQIBADANBgkqhkiG9w0 " + " ".join(key.split()), {"DEPLOY_PRIVATE_KEY": key})
    assert "MIIEvQ" not in masked
    assert "qwerty" not in masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("clone https://user:pa@ss@example.org/x", "clone https://***@example.org/x"),
        ("https://ghp_abc@github.com", "https://***@github.com"),
        ("postgres://me:pw@db/x?a=b@c", "postgres://***@db/x?a=b@c"),
        ("ssh://git@example.org/x", "ssh://git@example.org/x"),
        ("https://example.org/@scope", "https://example.org/@scope"),
        ("mail a@b.org and http://x", "mail a@b.org and http://x"),
    ],
)
def test_credentials_of_urls(text, masked):
    assert mask(text) == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("API_TOKEN=abcd ./x", "API_TOKEN=*** ./x"),
        ("sh -c 'export MY_SECRET=\"two words\"; x'", "sh -c 'export MY_SECRET=\"***\"; x'"),
        ("tool --password hunter22 x", "tool --password *** x"),
        ("tool --api-token=hunter --verbose", "tool --api-token=*** --verbose"),
        ("--with token=abc12345", "--with token=***"),
        ("API_TOKEN=$TOKEN x", "API_TOKEN=$TOKEN x"),
        ("def f(token=None, secret=default):", "def f(token=None, secret=default):"),
        ("sign --private-key FILE", "sign --private-key FILE"),
        ("sign --private-key=/keys/1.pem", "sign --private-key=/keys/1.pem"),
        ("the token is gone", "the token is gone"),
    ],
)
def test_what_a_command_line_assigns(text, masked):
    assert mask(text, {}) == masked


def test_masking_takes_linear_time():
    for text in ("://" + "a" * 400_000, "a.-" * 100_000, "TOKEN=" * 60_000, "token " * 60_000, "https://" * 50_000):
        mask(text)  # quadratic time would take minutes


def test_a_secret_with_many_spaces_is_masked_on_one_line_or_several_in_linear_time():
    secret = "{\n" + "    " * 8 + '"private": "hunter2"\n}'
    variables = {"CREDENTIALS": secret}
    assert mask(f"a {secret} b", variables) == mask(f"a {' '.join(secret.split())} b", variables) == f"a {MASK} b"
    begun = time.process_time()
    assert mask("{\n" + " " * 100_000, variables) == "{\n" + " " * 100_000
    # 0.01 s; where each space was a repetition, 600 of them took 17 s.
    assert time.process_time() - begun < 2


def test_ellipses_without_a_beginning_of_a_secret_cost_next_to_nothing():
    variables = {"SSH_KEY": "\n".join(f"{line:032x}{line * 77777:032x}" for line in range(25))}
    text = "x…" * 300_000
    begun = time.process_time()
    assert mask(text, variables) == text
    # 0.3 s; each ellipsis was compared with each line before, which took 4 s.
    assert time.process_time() - begun < 3


def test_a_repository_cannot_have_everything_masked_nor_take_back_what_its_user_names():
    from core.config import merge_settings
    from core.errors import InvalidFile
    from core.schema.yaml_reader import read_yaml

    def merged(repository, user="redact: [MINE]"):
        return merge_settings(
            read_yaml(repository, "config.yaml"), {"ORCHESTRATOR_REDACT": "[THEIRS]"}, {},
            user=read_yaml(user, "user"),
        ).redact  # fmt: skip

    assert merged("redact: []") == ("MINE", "THEIRS")
    assert merged("redact: [SITE_*]") == ("MINE", "SITE_*", "THEIRS")
    for everything in ("*", "?*", "A*"):
        with pytest.raises(InvalidFile, match="a variable's name, or a glob with three characters of it"):
            merged(f"redact: ['{everything}']")


def test_lists_and_maps_are_masked_by_name():
    value = {"env": {"A_TOKEN": "x", "B": "y"}, "command": ["tool", "--password", "z", "-v"], "empty": []}
    assert without_secrets(value) == {"env": {"A_TOKEN": MASK, "B": "y"}, "command": ["tool", "--password", MASK, "-v"], "empty": []}
