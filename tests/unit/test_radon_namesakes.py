"""What tells functions of one name in one file apart."""

from __future__ import annotations

import textwrap

import pytest

from core.adapters.radon.file_measure import measure_source


def full_names(source):
    return [block.full_name for block in measure_source(textwrap.dedent(source).encode()).blocks if block.kind != "class"]


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("def f(): pass\ndef g(): pass\n", ["f", "g"]),
        ("@app.route('/')\ndef f(): pass\n", ["f"]),
        ("def f(): pass\ndef f(): pass\ndef f(): pass\n", ["f", "f #2", "f #3"]),
        ("if x:\n    def f(): pass\nelse:\n    def f(): pass\n", ["f", "f #2"]),
        ("@app.route('/a')\ndef f(): pass\n@app.route('/b')\ndef f(): pass\n", ["f @app.route('/a')", "f @app.route('/b')"]),
        ("@show.register(int)\ndef _(a): pass\n@show.register\ndef _(a: str): pass\n", ["_ @show.register(int)", "_ @show.register(str)"]),
        ("@show.register\ndef _(a: int): pass\n@show.register\ndef _(): pass\n", ["_ @show.register(int)", "_ @show.register"]),
        ("@overload\ndef f(a: int): ...\n@overload\ndef f(a: str): ...\ndef f(a): ...\n", ["f @overload", "f @overload #2", "f"]),
        ("@cache\ndef f(): pass\n@cache\ndef f(): pass\n", ["f", "f #2"]),
        ("class f: pass\ndef f(): pass\n", ["f"]),
        ("def f(): pass\nclass A:\n    def f(self): pass\n", ["f", "A.f"]),
    ],
)
def test_functions_of_one_name_are_told_apart_by_decorators_and_numbers(source, names):
    assert full_names(source) == names


def test_the_getter_of_a_property_keeps_its_name():
    source = """
        class A:
            @property
            def v(self): pass
            @v.setter
            def v(self, value): pass
            @v.deleter
            def v(self): pass
    """
    assert full_names(source) == ["A.v", "A.v @v.setter", "A.v @v.deleter"]


def test_a_long_decorator_is_shortened_and_still_tells_apart():
    cases = [f"@t.cases({', '.join(map(repr, range(start, 60)))})\ndef f(): pass\n" for start in (0, 1)]
    names = full_names("".join(cases))
    assert len(set(names)) == 2
    assert max(map(len, names)) < 65


def test_a_decorator_that_is_nested_too_deeply_is_a_name_all_the_same():
    deep = f"@a.b({'-' * 150}1)\n"
    assert len(set(full_names(f"{deep}def f(): pass\n{deep}def f(): pass\n"))) == 2
