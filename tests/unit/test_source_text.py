"""A source is decoded as Python decodes a module."""

from __future__ import annotations

import ast
import codecs

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.domain.quality.source_text import Undecodable, decode_source


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"x = '\xc3\xa9'\n", "x = 'é'\n"),
        (codecs.BOM_UTF8 + b"x = 1\n", "x = 1\n"),
        (codecs.BOM_UTF8 + b"# coding: utf-8-sig\nx = 1\n", "# coding: utf-8-sig\nx = 1\n"),
        (b"# coding: utf-8-sig\nx = '\xc3\xa9'\n", "# coding: utf-8-sig\nx = 'é'\n"),
        (b"# -*- coding: utf-8-unix -*-\nx = '\xc3\xa9'\n", "# -*- coding: utf-8-unix -*-\nx = 'é'\n"),
        (b"# vim: set fileencoding=UTF_8 :\nx = '\xc3\xa9'\n", "# vim: set fileencoding=UTF_8 :\nx = 'é'\n"),
        (b"# -*- coding: latin-1 -*-\nx = '\xe9'\n", "# -*- coding: latin-1 -*-\nx = 'é'\n"),
        (b"#!/usr/bin/python\n# coding: cp1252\nx = '\x80'\n", "#!/usr/bin/python\n# coding: cp1252\nx = '€'\n"),
        (b"\n# coding: koi8-r\nx = '\xf1'\n", "\n# coding: koi8-r\nx = 'Я'\n"),
        (b"# \xe9\n# coding: latin-1\nx = 1\n", "# é\n# coding: latin-1\nx = 1\n"),
        (b"# coding: shift_jis\nx = '\x83\x5c'\n", "# coding: shift_jis\nx = 'ソ'\n"),
        (b"# coding: latin-1\rx = '\xe9'\ry = 2\r", "# coding: latin-1\nx = 'é'\ny = 2\n"),
        (b"#!/bin/python\r\n# coding: latin-1\r\nx = '\xe9'\r\n", "#!/bin/python\n# coding: latin-1\nx = 'é'\n"),
        (b"# coding: utf-7\nx = '+AOk-'\n", "# coding: utf-7\nx = 'é'\n"),
        (b"x = 'encoding'\n", "x = 'encoding'\n"),
        (b"", ""),
    ],
)
def test_what_python_reads_is_text(content, text):
    assert decode_source(content) == text
    assert ast.dump(ast.parse(content)) == ast.dump(ast.parse(text))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"x = 1\n\ny = '\xe9'\n", "line 3: byte 0xe9 is not UTF-8, and neither of the first two lines declares another encoding"),
        (b"\n\n# coding: latin-1\ny = '\xe9'\n", "line 4: byte 0xe9 is not UTF-8, and neither"),
        (b"x = 1\n# coding: latin-1\ny = '\xe9'\n", "line 3: byte 0xe9 is not UTF-8, and neither"),
        (b"x = 1\r# coding: latin-1\ry = '\xe9'\r", "line 3: byte 0xe9 is not UTF-8, and neither"),
        (b"# coding: utf-8\nx = 1\ny = '\xe9'\n", "line 3: byte 0xe9 is not utf-8, the encoding that line 1 declares"),
        (b"\n# coding: ascii\ny = '\xe9'\n", "line 3: byte 0xe9 is not ascii, the encoding that line 2 declares"),
        (b"#\n# coding: nonsense\nx = 1\n", "line 2: unknown encoding: nonsense"),
        (b"# coding: rot13\nk = 1\n", "line 1: 'rot13' is not a text encoding"),
        (b"# coding: hex\n00\n", "line 1: 'hex' is not a text encoding"),
        (b"# coding: undefined\n", "line 1: decoding with 'undefined' codec failed"),
        (b"# coding: punycode\nx=1\n", "line 1: decoding with 'punycode' codec failed"),
        (codecs.BOM_UTF8 + b"#\n# coding: latin-1\n", "line 2: a byte order mark of UTF-8 beside another encoding"),
        (codecs.BOM_UTF8 + b"x = 1\ny = '\xe9'\n", "line 2: byte 0xe9 is not UTF-8"),
        ("x = 1\n".encode("utf-16"), "line 1: byte 0xff is not UTF-8, and neither"),
        ("x = 1\n".encode("utf-16-le"), "line 1: a NUL byte, which Python does not allow in source"),
        (b"# coding: latin-1\nx = '\0'\n", "line 2: a NUL byte"),
    ],
)
def test_what_python_refuses_names_the_line(content, problem):
    with pytest.raises(Undecodable) as caught:
        decode_source(content)
    assert str(caught.value).startswith(problem)
    assert caught.value.line == int(problem.split(":")[0].removeprefix("line "))
    with pytest.raises((SyntaxError, ValueError)):
        compile(content, "a.py", "exec")


COOKIES = [
    b"", b"#", b"# coding: latin-1", b"# -*- coding: cp1252 -*-", b"#coding=koi8-r", b"# coding: utf8", b"# coding: UTF-8",
    b"# coding:\xe9",
    b"\x0c # coding: ascii", b"# coding: rot13", b"# coding: idna", b"# coding: utf-16", b"x = '# coding: latin-1'", b"# coding", b"\\",
]  # fmt: skip
BODY = st.sampled_from([b"x = '\xe9'", b"x = '\xc3\xa9'", b"x = 1", b"y = 'a", b"def f(): pass", b"\xa0", b"", b"'''", b"x = 'coding: x'"])


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([b"", codecs.BOM_UTF8]),
    st.lists(st.sampled_from(COOKIES), max_size=3),
    st.lists(BODY, max_size=3),
    st.sampled_from([b"\n", b"\r", b"\r\n"]),
)
@example(b"", [b"# \xe9", b"# coding: latin-1"], [], b"\n")
def test_whatever_is_declared_the_tree_is_pythons(mark, cookies, body, end):
    content = mark + end.join([*cookies, *body])
    try:
        wanted = ast.dump(ast.parse(content))
    except (SyntaxError, ValueError):
        with pytest.raises((SyntaxError, ValueError)):
            ast.parse(decode_source(content))
    else:
        try:
            text = decode_source(content)
        except Undecodable as undecodable:
            # No UTF-8, in a comment: PEP 263 and `python FILE` refuse it, some imports do not.
            assert "byte 0xe9 is not" in str(undecodable)
        else:
            assert ast.dump(ast.parse(text)) == wanted
