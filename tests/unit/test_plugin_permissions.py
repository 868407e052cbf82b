"""Permissions: what covers what, what both allow, and what nobody gets."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.plugins.plugin import Manifest, Permissions, Provision, ProvisionKind, covers_address, covers_path, order_of
from core.domain.plugins.policy import PluginPolicy, narrowed, policy_of, stricter
from core.domain.settings.settings import PluginPolicySettings
from core.plugins.rules.permissions import permission_objections
from core.security import validate_plugin_permissions


def manifest(**permissions: object) -> Manifest:
    return Manifest(
        id="sample",
        version="1.0.0",
        description="x",
        authors=("x",),
        license="MIT",
        minimum_host_version="0.1.0",
        entry_point="sample",
        provides=(Provision(kind=ProvisionKind.TASK, contract=1, name="sample"),),
        permissions=Permissions(**permissions),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("wide", "narrow", "covered"),
    [
        ("src/**", "src/a/b.py", True),
        ("src/**", "src/**", True),
        ("src/**", "src/a/*.py", True),
        ("**", "src/a.py", True),
        ("src/**", "srcs/a.py", False),
        ("src/**", "src/../etc", False),
        ("src/**", "src/.env", False),  # wildcards match no hidden names
        ("**", ".git/config", False),
        ("**", "/etc/passwd", False),
        ("/etc/**", "/etc/ssl/cert.pem", True),
        ("*.py", "a.py", False),  # not provable without looking: only equal patterns and /** cover
        ("a.md", "a.md", True),
    ],
)
def test_a_path_pattern_covers_only_what_it_surely_matches(wide: str, narrow: str, covered: bool):
    assert covers_path(wide, narrow) is covered


@pytest.mark.parametrize(
    ("wide", "narrow", "covered"),
    [
        ("*:443", "example.com:443", True),
        ("*:443", "example.com:80", False),
        ("*.example.com:443", "api.example.com:443", True),
        ("*.example.com:443", "example.com:443", False),
        ("*.example.com:443", "evilexample.com:443", False),
        ("Example.com:443", "example.COM:443", True),
        ("example.com:*", "example.com:22", True),
        ("[::1]:80", "[::1]:80", True),
        ("example.com:443", "example.com.evil.org:443", False),
    ],
)
def test_an_address_pattern_covers_exactly_its_hosts(wide: str, narrow: str, covered: bool):
    assert covers_address(wide, narrow) is covered


PATTERNS = st.sampled_from(["**", "src/**", "src/a/**", "src/a.py", "docs/*.md", ".env"])
ADDRESSES = st.sampled_from(["*:443", "a.org:443", "*.a.org:443", "b.a.org:443", "a.org:*"])
SETS = st.builds(
    Permissions,
    read=st.lists(PATTERNS, max_size=3).map(lambda items: tuple(sorted(set(items)))),
    net=st.lists(ADDRESSES, max_size=3).map(lambda items: tuple(sorted(set(items)))),
    env=st.lists(st.sampled_from(["A", "B"]), max_size=2).map(lambda items: tuple(sorted(set(items)))),
    time=st.sampled_from([1.0, 60.0]),
    pids=st.integers(1, 4),
)


@given(SETS, SETS)
def test_what_both_allow_is_within_each(left: Permissions, right: Permissions):
    both = left.intersect(right)
    assert both.within(left) == ()
    assert both.within(right) == ()
    assert left.intersect(left).within(left) == ()


@given(SETS)
def test_permissions_survive_their_json_form(permissions: Permissions):
    assert Permissions.from_json(permissions.to_json()) == permissions


def test_a_ceiling_narrows_what_manifest_and_lock_agree_on():
    asked = manifest(read=("src/**",), net=("*:443",))
    policy = PluginPolicy(ceiling=Permissions(read=("src/a/**",)))
    assert narrowed(asked, asked.permissions, policy) == replace(Permissions(), read=("src/a/**",))


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"write": (".git/**",)}, "write .git/**: no plugin may write there"),
        ({"write": ("tasks.yml",)}, "write tasks.yml: no plugin may write there"),
        ({"write": ("config.yaml",)}, "write config.yaml: no plugin may write there"),
        ({"write": ("audit-baseline.json",)}, "write audit-baseline.json: no plugin may write there"),
        ({"write": (".github/workflows/**",)}, "write .github/workflows/**: no plugin may write there"),
        ({"write": (".gitlab-ci.yml",)}, "write .gitlab-ci.yml: no plugin may write there"),
        ({"write": ("vendor/other/.git/config",)}, "write vendor/other/.git/config: no plugin may write there"),
        ({"write": ("Jenkinsfile",)}, "write Jenkinsfile: no plugin may write there"),
        ({"write": ("azure-pipelines.yml",)}, "write azure-pipelines.yml: no plugin may write there"),
        ({"write": ("TASKS.yml",)}, "write TASKS.yml: no plugin may write there"),
        ({"write": ("plugins/other/x.py",)}, "write plugins/other/x.py: no plugin may write there"),
        ({"write": ("plugins.lock",)}, "write plugins.lock: no plugin may write there"),
        ({"env": ("LD_PRELOAD",)}, "env LD_PRELOAD: no plugin may see it"),
        ({"env": ("PLUGIN_SIGNING_KEY",)}, "env PLUGIN_SIGNING_KEY: no plugin may see it"),
        ({"exec": ("git",)}, "exec: starting a program needs pids of at least 2"),
    ],
)
def test_some_permissions_are_never_granted(asked: dict[str, object], reason: str):
    assert validate_plugin_permissions(manifest(**asked)) == (reason,)


@pytest.mark.parametrize("pattern", ["plan/today.yml", "plan/**", "plan/today.yml/**"])
def test_nobody_writes_what_a_project_calls_its_tasks_file(pattern: str):
    reasons = permission_objections(manifest(write=(pattern, "planning/**", "plan.md")), guarded=("plan/today.yml",))
    assert reasons == (f"write {pattern}: no plugin may write there",)


def test_grants_beyond_the_manifest_and_blocked_plugins_are_reported():
    plain = manifest()
    assert validate_plugin_permissions(plain, Permissions(net=("*:443",))) == (
        "net *:443: granted in the lock, but the manifest does not ask for it",
    )
    assert validate_plugin_permissions(plain, None, PluginPolicy(blocked=("sample",))) == ("sample is blocked by the policy",)
    assert validate_plugin_permissions(plain, plain.permissions) == ()


def test_versions_are_ordered_as_semantic_versions():
    ordered = ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0", "1.2.0", "1.10.0", "10.0.0"]
    shuffled = ordered[3:] + ordered[:3]
    assert sorted(shuffled, key=order_of) == ordered


def test_of_two_policies_the_stricter_one_decides_each_permission():
    users = PluginPolicy(require="certified", blocked=("b",), ceiling=Permissions(read=("src/**",), net=("*:443",), pids=8))
    repositorys = PluginPolicy(sandbox="strong", blocked=("a",), ceiling=Permissions(read=("**",), time=600.0))
    both = PluginPolicy(require="certified", blocked=("a", "b"), ceiling=Permissions(read=("src/**",)), sandbox="strong")
    assert stricter(users, repositorys) == both
    assert stricter(repositorys, users) == both


@pytest.mark.parametrize("policy", [PluginPolicy(), PluginPolicy(require="certified", ceiling=Permissions(net=("*:443",)))])
def test_a_policy_that_demands_nothing_loosens_nothing(policy: PluginPolicy):
    assert stricter(policy, PluginPolicy()) == stricter(PluginPolicy(), policy) == policy


def test_a_ceiling_in_the_settings_is_read_as_a_manifests_permissions():
    settings = PluginPolicySettings(ceiling={"fs": {"read": ("src/**",)}, "time": 60.0})
    assert policy_of(settings) == PluginPolicy(ceiling=Permissions(read=("src/**",), time=60.0))
