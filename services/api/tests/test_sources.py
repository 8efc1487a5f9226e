"""Rule R10: nothing in the service unpickles, evaluates text, or lets a database run code."""

import ast
from pathlib import Path

import perf_api

SOURCES = sorted(Path(perf_api.__file__).parent.rglob("*.py"))
FORBIDDEN_MODULES = {"pickle", "marshal", "shelve", "dill", "yaml"}
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__"}
FORBIDDEN_OPERATORS = {"$where", "$function", "$accumulator", "$expr"}


def test_nothing_runs_what_a_client_sent() -> None:
    found = []
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            names = {alias.name for alias in node.names} if isinstance(node, ast.Import) else set()
            names |= {node.module or ""} if isinstance(node, ast.ImportFrom) else set()
            called = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
            text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
            if names & FORBIDDEN_MODULES or called in FORBIDDEN_CALLS or text in FORBIDDEN_OPERATORS:
                found.append(f"{source.name}:{node.lineno}")  # type: ignore[attr-defined]

    assert len(SOURCES) > 50
    assert found == []
