"""Tests of dependency_graph, run inside the sandbox; ``tests/repository`` is then the repository."""

import os
import unittest

from dependency_graph import run
from imports import Imports, circles, god_modules, knots, to_cut
from pictures import dot, levels, mermaid

from core.plugins.api import context_for_test

#: The sandbox gives a copy of tests/repository as the present directory.
ROOT = "." if os.path.isdir("shop") else os.path.join(os.path.dirname(__file__), "repository")


def imports(*edges: str) -> Imports:
    lines = {tuple(edge.split(">")): 1 for edge in edges}
    return Imports(package="p", modules=tuple(sorted({name for edge in lines for name in edge})), lines=lines)


class TestImports(unittest.TestCase):
    def test_two_knots_are_found_and_a_chain_is_none(self) -> None:
        self.assertEqual(knots(imports("a>b", "b>a", "b>c", "c>d", "d>e", "e>c", "e>f")), [["a", "b"], ["c", "d", "e"]])
        self.assertEqual(knots(imports("a>b", "b>c")), [])

    def test_without_the_imports_to_cut_there_is_no_circle(self) -> None:
        whole = imports("a>b", "b>c", "c>a", "c>b", "d>a", "a>d")
        cut = to_cut(knots(whole)[0], set(whole.lines))
        left = {edge: 1 for edge in whole.lines if edge not in cut}
        self.assertEqual(knots(Imports(package="p", modules=whole.modules, lines=left)), [])

    def test_a_circle_says_what_to_cut(self) -> None:
        (trouble,) = circles(imports("a>b", "b>a"))
        self.assertEqual(trouble.message, "2 modules import each other: a → b → a")
        self.assertTrue(trouble.suggestion.startswith("cut "))

    def test_a_god_module_has_more_importers_than_allowed(self) -> None:
        many = imports(*(f"m{number}>god" for number in range(11)))
        self.assertEqual([trouble.module for trouble in god_modules(many, 10)], ["god"])
        self.assertEqual(god_modules(many, 11), [])
        self.assertEqual(god_modules(many, 10, ("go*",)), [])

    def test_pictures_name_every_module_and_colour_circles(self) -> None:
        small = imports("a>b", "b>a", "a>c")
        self.assertIn('"a" -> "b" [color=red];', dot(small, []))
        self.assertIn('"a" -> "c";', dot(small, []))
        self.assertIn("linkStyle 0,1 stroke", mermaid(small, []))
        self.assertEqual(levels(small), [["a", "b"], ["c"]])


class TestPlugin(unittest.TestCase):
    def test_the_circle_of_the_shop_is_a_finding(self) -> None:
        result = run(context_for_test("auditor", input={"files": []}, root=ROOT))
        (found,) = result["findings"]
        self.assertEqual(found["metric"], "import-circle")
        self.assertIn("shop.cart", found["message"])
        self.assertIn(found["path"], ("shop/cart.py", "shop/price.py", "shop/__init__.py"))

    def test_the_pictures_are_written_once(self) -> None:
        context = context_for_test("task", input={"task": {"id": "1", "description": ""}}, root=ROOT)
        self.assertEqual(run(context)["message"].partition(";")[0], "3 modules, 1 findings")
        page = context.path("docs/dependency_graph/graph.html")
        before = os.stat(page).st_mtime_ns
        run(context)
        self.assertEqual(os.stat(page).st_mtime_ns, before)


if __name__ == "__main__":
    unittest.main()
