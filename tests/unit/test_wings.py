"""Names that wings register: each belongs to one of them, or to the kernel."""

from __future__ import annotations

import re

import pytest

from core.cli.app import commands
from core.cli.commands import COMMANDS
from core.errors import OrchestratorError
from core.ports.wing import Command, Wing, check_wings


def command(name: str) -> Command:
    return Command(name=name, function="nowhere:nothing", help="Nothing.", group="Toy")


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ({"commands": (command("greet"),)}, {"commands": (command("greet"),)}, "the command greet"),
        ({"commands": (command("greet"),)}, {"commands": (command("greet all"),)}, "the command greet"),
        ({"handlers": {"greeting": "a:b"}}, {"handlers": {"greeting": "c:d"}}, "the kind of tasks greeting"),
        ({"runners": {"remote": "a:b"}}, {"runners": {"remote": "c:d"}}, "the runner remote"),
        ({"settings": "a:B"}, {"name": "one", "settings": "c:D"}, "the name one"),
    ],
)
def test_two_wings_that_register_the_same_name_are_refused(one, other, both):
    wings = (Wing(**{"name": "one", **one}), Wing(**{"name": "other", **other}))

    with pytest.raises(OrchestratorError, match=f"the wing one and the wing {wings[1].name} both register {both}"):
        check_wings(wings)


@pytest.mark.parametrize(
    ("wing", "both"),
    [
        (Wing(name="toy", commands=(command("config edit"),)), "the command config"),
        (Wing(name="audit", settings="a:B"), "the section audit of config.yaml"),
        (Wing(name="journal"), "the name journal"),
    ],
)
def test_a_wing_that_registers_a_name_of_the_kernel_is_refused(wing, both):
    with pytest.raises(OrchestratorError, match=f"the kernel and the wing {wing.name} both register {both}") as refused:
        commands((wing,))
    assert refused.value.hint == f"give it another name where the wing {wing.name} registers"


@pytest.mark.parametrize("name", ["", "Acme", "acme_x", "acme.x", "9acme", "acme\n"])
def test_the_name_of_a_wing_is_lower_case_letters_and_digits(name):
    with pytest.raises(OrchestratorError, match=f"the name of the wing {re.escape(name)} is not lower-case letters and digits"):
        check_wings((Wing(name=name),))


def test_wings_with_names_of_their_own_are_registered():
    wings = (
        Wing(name="one", settings="a:B", commands=(command("greet"), command("one list")), handlers={"greeting": "a:b"}),
        Wing(name="other", settings="c:D", commands=(command("part all"), command("part one")), handlers={"farewell": "a:b"}),
    )

    assert [each.name for each in commands(wings)[len(COMMANDS) :]] == ["greet", "one list", "part all", "part one"]
