"""docs/operations.md names a test for each promise and each fault, and the tests are there."""

import ast
import re

from tests.conftest import PROJECT

PAGE = (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8")


def test_each_promise_and_each_fault_has_a_test_that_exists():
    rows = re.findall(r"^\| .+ \| (.*`tests/.*) \|$", PAGE, re.MULTILINE)
    assert len(rows) > 20
    named = [match for row in rows for match in re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", row)]
    for file, test in named:
        tree = ast.parse((PROJECT / file).read_text(encoding="utf-8"))
        names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        assert any(name.startswith("test_") for name in names), file
        assert not test or test in names, f"{file}::{test}"
