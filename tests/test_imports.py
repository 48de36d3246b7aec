"""Imports inside `main` run one way, so that each module can be read with only those below it in mind."""

import ast
from pathlib import Path

import pytest

MAIN = Path(__file__).parent.parent / "main"

# From the bottom up; a module may import those above it in this list. What is not named is at the top.
LAYERS = [
    {"text", "dates", "logfile", "wording", "stopping", "schedule", "runs"},
    {"failures", "schedulers"},
    {"models", "zone"},
    {"ledger", "batches", "threads"},
    {"expiration", "editing", "forms", "dashboard"},
    {"undo", "chart"},
    {"signals", "health", "report", "importing"},
    {"tasks", "cron", "checks", "demo", "admin", "staff_site", "views", "account_views", "middleware"},
    {"urls", "apps", "management", "templatetags"},
]


def layer_of(module: str) -> int:
    return next(number for number, names in enumerate(LAYERS) if module in names)


def imports_of(path: Path) -> set[str]:
    """The modules of `main` that the file imports, by their first name."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names = [
                f"{node.module}.{alias.name}" if node.module == "main" else str(node.module) for alias in node.names
            ]
        found |= {name.split(".")[1] for name in names if name.startswith("main.")}
    return found


FILES = sorted(path for path in MAIN.rglob("*.py") if "migrations" not in path.parts and path.stat().st_size)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(MAIN)))
def test_a_module_imports_only_from_below(path) -> None:
    module = path.relative_to(MAIN).parts[0].removesuffix(".py")
    for imported in imports_of(path) - {module}:
        assert layer_of(imported) < layer_of(module), f"main.{module} imports main.{imported}"


def test_the_test_sees_an_import_that_runs_the_wrong_way(tmp_path) -> None:
    wrong = tmp_path / "models.py"
    wrong.write_text("from main import signals\nimport main.expiration\nfrom main.admin.codes import X\n")
    assert imports_of(wrong) == {"signals", "expiration", "admin"}
    assert all(layer_of(module) > layer_of("models") for module in imports_of(wrong))


def test_celery_is_never_imported_by_the_project_package() -> None:
    assert not (MAIN.parent / "knossos" / "__init__.py").read_text().strip()
