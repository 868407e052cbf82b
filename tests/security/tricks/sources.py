"""Python files: sources that no parser likes, names that no terminal likes, and files that are none."""

from __future__ import annotations

import os

from tests.security.repository import HOSTILE_LINES, HOSTILE_TEXT, Repository
from tests.security.trick import Tricks

SOURCES = Tricks()


@SOURCES.add
def line_is_long(repository: Repository) -> None:
    repository.write("a.py", "x = 1; " * 700_000)
    repository.commit()


@SOURCES.add
def sources_are_dense(repository: Repository) -> None:
    """Small enough to be read, and syntax trees of gigabytes."""
    repository.write("a.py", "x = 1; " * 280_000)
    repository.write("dense.py", "x;" * 900_000)
    repository.write("table.py", f"T = [{'(1, 2, 3), ' * 150_000}]\n")
    repository.commit()


@SOURCES.add
def text_is_long(repository: Repository) -> None:
    repository.write("a.py", f"x = '{'y' * 5_000_000}'\n'''{'z' * 5_000_000}\n")


@SOURCES.add
def brackets_are_deep(repository: Repository) -> None:
    for number, bracket in enumerate("([{"):
        repository.write(f"deep{number}.py", bracket * 100_000)
        repository.write(f"shut{number}.py", f"x = {bracket * 90}{')]}'['([{'.index(bracket)] * 90}\n")
    repository.commit()


@SOURCES.add
def expressions_are_deep(repository: Repository) -> None:
    deep = {
        "minus": "x = " + "-" * 100_000 + "1",
        "not": "x = " + "not " * 100_000 + "1",
        "plus": "x = " + "1+" * 100_000 + "1",
        "power": "x = " + "2**" * 50_000 + "1",
        "attribute": "x = a" + ".b" * 100_000,
        "call": "x = a" + "()" * 100_000,
        "index": "x = a" + "[0]" * 100_000,
        "lambda": "x = " + "lambda: " * 50_000 + "1",
        "choice": "x = " + "1 if a else " * 50_000 + "1",
        "and": "x = " + "a and b or " * 50_000 + "c",
        "compare": "x = " + "a < " * 100_000 + "b",
        "await": "async def f():\n    " + "await " * 50_000 + "x",
        "f_string": "x = " + "f'{" * 200 + "1" + "}'" * 200,
        "format": "x = f'{1:" + "{1:" * 1000 + "}" * 1000 + "}'",
        "comprehension": "x = [" + "a for a in b if c " * 1 + "for d in e " * 30_000 + "]",
        "star": "*" * 50_000 + "x = 1",
    }
    for name, source in deep.items():
        repository.write(f"{name}.py", source + "\n")
    repository.commit()


@SOURCES.add
def branches_are_deep(repository: Repository) -> None:
    repository.write("elif.py", "if a:\n    pass\n" + "elif a:\n    pass\n" * 50_000)
    repository.write("nested.py", "".join(f"{' ' * level}if a:\n" for level in range(99)) + " " * 99 + "pass\n")
    repository.write("too_deep.py", "".join(f"{' ' * level}if a:\n" for level in range(3000)) + " " * 3000 + "pass\n")
    repository.write("else.py", "".join(f"{' ' * level}if a: pass\n{' ' * level}else:\n" for level in range(98)) + " " * 98 + "pass\n")
    repository.write("functions.py", "".join(f"{' ' * level}def f():\n" for level in range(90)) + " " * 90 + "pass\n")
    repository.write("classes.py", "".join(f"{' ' * level}class C:\n" for level in range(90)) + " " * 90 + "pass\n")
    repository.write("match.py", "match a:\n" + "".join(f"    case {'[' * 80}{n}{']' * 80}: pass\n" for n in range(3000)))
    repository.write("try.py", "try:\n    pass\n" + "except A:\n    pass\n" * 50_000)
    repository.write("decorators.py", "@a\n" * 50_000 + "def f(): pass\n")


@SOURCES.add
def blocks_are_a_great_many(repository: Repository) -> None:
    repository.write("a.py", "".join(f"def f{n}(): pass\n" for n in range(60_000)))


@SOURCES.add
def findings_are_a_great_many(repository: Repository) -> None:
    body = "".join(f"    if a == {number}: return {number}\n" for number in range(12))
    repository.write("a.py", "".join(f"def f{n}(a):\n{body}" for n in range(4_000)))
    repository.commit()


@SOURCES.add
def numbers_are_large(repository: Repository) -> None:
    repository.write("a.py", f"x = {'9' * 1_000_000}\n")
    repository.write("hex.py", f"x = 0x{'f' * 3_000_000}\n")
    repository.write("fold.py", "x = 9**9**9**9\ny = 'a' * 10**12\nz = (1,) * 10**9\nw = 1 << 10**12\n")
    repository.write("float.py", f"x = {'9' * 500_000}e{'9' * 500_000}j\n")


@SOURCES.add
def bytes_are_odd(repository: Repository) -> None:
    repository.write("nul.py", b"x = 1\n\x00y = 2\n")
    repository.write("invalid.py", b"x = '\xff\xfe\xc3('\n")
    repository.write("mark.py", b"\xef\xbb\xbf# coding: latin-1\nx = '\xe9'\n")
    repository.write("utf16.py", "x = 1\n".encode("utf-16"))
    repository.write("controls.py", b"x = 1\x0c\x1b[31m\x1a\ndef \x07f(): pass\n")
    repository.write("ends.py", b"x = 1\rdef f():\r\n    return 1\x0b\x0c\x1c\xe2\x80\xa8\n")
    repository.write("surrogate.py", b"x = '\xed\xa0\x80'\n")
    repository.write("continued.py", b"x = 1 + \\\n" * 200_000 + b"1\n")
    repository.write("open.py", b"x = '''" + b"abc\n" * 500_000)
    repository.write("tabs.py", "".join(f"{' ' * 8 if n % 2 else chr(9)}if a:\n" for n in range(50)) + "pass\n")
    repository.commit()


@SOURCES.add
def encodings_are_odd(repository: Repository) -> None:
    names = (
        *(
            "rot13",
            "idna",
            "punycode",
            "unicode_escape",
            "raw_unicode_escape",
            "zlib",
            "zip",
            "bz2",
            "hex",
            "uu",
            "base64",
            "quopri",
            "undefined",
        ),
        *(
            "mbcs",
            "oem",
            "utf-7",
            "utf-32",
            "utf-16-le",
            "cp037",
            "hz",
            "iso2022_jp_2",
            "big5hkscs",
            "charmap",
            "no-such",
            "../x",
            "os",
            "x" * 5000,
        ),
        *("\x1b[31m", "::planted::x", "utf-8-sig", "utf8\0", "antigravity", "core.errors", "evil"),
    )
    for number, name in enumerate(names):
        repository.write(f"e{number}.py", f"# -*- coding: {name} -*-\nx = 1\ndef f(a): return '\\x41\\n'\n")
        repository.write(f"s{number}.py", f"#!/x\n# vim: set fileencoding={name} :\nx = '\xe9'\n".encode("latin-1"))
    repository.write("evil.py", "raise SystemExit('imported as a codec')\n")
    repository.write("encodings/evil.py", "raise SystemExit('imported as a codec')\n")
    repository.write("zlib_bomb.py", b"# coding: zlib\n" + b"\x78\x9c" + b"\x00" * 1000)
    repository.commit()


@SOURCES.add
def names_are_hostile(repository: Repository) -> None:
    finding = "def many(a):\n" + "".join(f"    if a == {number}: return {number}\n" for number in range(15))
    names = (
        *(
            b"::planted::x.py",
            b"##[planted]y.py",
            b"\n::planted::z.py",
            b"\r##[planted].py",
            b"\x1b[31mred.py",
            b"\xff\xfe.py",
            b"\xc2\x9b2J.py",
        ),
        *(
            b"%0A::planted::x.py",
            b"%25.py",
            b"-rf.py",
            b"--help.py",
            b" .py",
            b"'\"`$(true)`.py",
            b"<img src=x onerror=alert(1)>.py",
            b"a|b.py",
        ),
        *(
            b"x" * 252 + b".py",
            "\u202etxt.py".encode(),
            b"]]>.py",
            b"**.py",
            b"[a].py",
            b"\\.py",
            b":(exclude)x.py",
            b"\t.py",
            b"&amp;.py",
            b"\x7f.py",
        ),
    )
    for name in names:
        repository.write(name, finding)
    repository.write(b"\n::planted::d/\x1b[31m/\xff.py", finding)
    repository.commit()


@SOURCES.add
def identifiers_are_hostile(repository: Repository) -> None:
    body = "".join(f"    if a == {number}: return {number}\n" for number in range(15))
    repository.write("a.py", "".join(f"def {name}(a):\n{body}" for name in ("é" * 500, "ﬁ", "x" * 100_000, "\u0430", "ª", "𝐱")))
    repository.write("b.py", f"'''{HOSTILE_LINES}'''\n# {HOSTILE_TEXT}\ndef \u202ef(): pass\nx = '\\d\\z'\nif 1 is 1: assert (1, 2)\n")
    repository.commit()


@SOURCES.add
def source_is_a_pipe(repository: Repository) -> None:
    for path in ("a.py", "package/b.py", "package/c.py"):
        repository.pipe(path)


@SOURCES.add
def source_is_a_directory(repository: Repository) -> None:
    repository.directory("a.py")
    repository.write("a.py/b.py", "x = 1\n")


@SOURCES.add
def links_are_loops(repository: Repository) -> None:
    repository.link("loop.py", "loop.py")
    repository.link("left.py", "right.py")
    repository.link("right.py", "left.py")
    repository.link("package/up", "..")
    repository.link("package/self", ".")
    repository.link("root", "/")
    repository.commit()


@SOURCES.add
def links_lead_to_devices(repository: Repository) -> None:
    for name, target in (
        ("a.py", "/dev/zero"),
        ("mem.py", "/proc/self/mem"),
        ("tty.py", "/dev/tty"),
        ("passwd.py", "/etc/passwd"),
        ("fd.py", "/proc/self/fd/0"),
    ):
        repository.link(name, target)
    repository.link("package", "/proc/self")
    repository.commit()


@SOURCES.add
def source_is_sparse(repository: Repository) -> None:
    repository.sparse("a.py", 10 << 30)
    repository.sparse("new.py", 10 << 30)


@SOURCES.add
def source_is_large(repository: Repository) -> None:
    repository.sparse("a.py", 200 << 20)


@SOURCES.add
def sources_are_large_and_many(repository: Repository) -> None:
    for number in range(8):
        repository.write(f"wide/m{number}.py", f"def f{number}(a, b=[1, 2, (3, 4)]): return a if b else [a, b]\n" * 6_000)


@SOURCES.add
def sources_are_a_great_many(repository: Repository) -> None:
    for number in range(10_000):
        repository.write(f"wide/d{number % 50}/m{number}.py", f"x = {number}\n")
    repository.git("add", "--all")
    repository.git("commit", "--quiet", "-m", "Wide")


@SOURCES.add
def directories_are_deep(repository: Repository) -> None:
    repository.write("/".join(["d"] * 200) + "/a.py", "x = 1\n")
    here = os.open(repository.root, os.O_RDONLY)
    try:
        for _ in range(1500):  # a path that is longer than the system takes at once
            os.mkdir("very-long-name", dir_fd=here)
            below = os.open("very-long-name", os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = below
        os.close(os.open("a.py", os.O_WRONLY | os.O_CREAT, dir_fd=here))
    finally:
        os.close(here)


@SOURCES.add
def directories_are_closed(repository: Repository) -> None:
    repository.write("closed/a.py", "x = 1\n")
    repository.commit()
    (repository.root / "closed/a.py").chmod(0)
    (repository.root / "closed").chmod(0)
    (repository.root / "a.py").chmod(0o4777)
