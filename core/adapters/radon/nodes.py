"""The kinds of syntax nodes that what measures and what advises share."""

from __future__ import annotations

import ast

Function = ast.FunctionDef | ast.AsyncFunctionDef
