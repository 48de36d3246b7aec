"""Imports inside `main` run one way, so that each module can be read with only those below it in mind."""

import ast
import re
from pathlib import Path

import pytest

MAIN = Path(__file__).parent.parent / "main"

# From the bottom up; a module may import those above it in this list, and its own row's of its own package.
# The modules of `codes` and `sweep` that need no model stand below the models.
CHECKOUT_ADMIN = [f"checkout.admin{module}" for module in ("", ".__init__", ".redemptions", ".tokens", ".worth")]
LAYERS = [
    {"conf"},
    {"checks", "words_of_django"},
    {
        "codes.text",
        "codes.folding",
        "codes.lookalikes",
        "codes.dates",
        "codes.parts",
        "codes.percent",
        "codes.proposing",
        "accounts.users",
        "codes.wording",
        "codes.spreadsheet",
        "scheduling",
        "throttle",
    },
    {"sweep.errors", "sweep.databases", "sweep.writable"},
    {"models"},
    {"codes", "sweep"},
    {"signals", "management.output"},
    {"checkout"},
    {"importing", "forms", "accounts", "backup"},
    {"notices"},
    {"demo", "admin", "staff", "views"},
    {"notices.views", "notices.admin", "notices.apps", "notices.decisions", *CHECKOUT_ADMIN},
    {"tasks", "cron", "urls", "apps", "management", "templatetags"},
    {"notices.urls", "notices.management.commands.send_notices", "notices.cron"},
]

CAN_BE_LEFT_OUT = {"notices", "checkout"}


def layer_of(module):
    first = module.split(".", maxsplit=1)[0]
    exact = [number for number, names in enumerate(LAYERS) if module in names]
    return exact[0] if exact else next(number for number, names in enumerate(LAYERS) if first in names)


def imports_of(path):
    """The modules of `main` that the file imports, without `main.`: "models", or "codes.text"."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names = [str(node.module)]
            if (MAIN / Path(*str(node.module).split(".")[1:])).is_dir():
                names = [f"{node.module}.{alias.name}" for alias in node.names]
        found |= {name.removeprefix("main.") for name in names if name.startswith("main.")}
    return found


def module_of(path):
    return ".".join(path.relative_to(MAIN).with_suffix("").parts)


FILES = sorted(path for path in MAIN.rglob("*.py") if "migrations" not in path.parts and path.stat().st_size)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(MAIN)))
def test_a_module_imports_only_from_below(path):
    module = module_of(path)
    for imported in imports_of(path):
        if imported.split(".")[0] != module.split(".")[0] or layer_of(imported) > layer_of(module):
            assert layer_of(imported) < layer_of(module), f"main.{module} imports main.{imported}"


def test_the_test_sees_an_import_that_runs_the_wrong_way(tmp_path):
    wrong = tmp_path / "models.py"
    wrong.write_text("from main import signals\nimport main.sweep.run\nfrom main.admin.codes import X\n")
    assert imports_of(wrong) == {"signals", "sweep.run", "admin.codes"}
    assert all(layer_of(module) > layer_of("models") for module in imports_of(wrong))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(MAIN)))
def test_an_app_that_can_be_left_out_is_known_to_itself_alone(path):
    for app in CAN_BE_LEFT_OUT - {module_of(path).split(".", maxsplit=1)[0]}:
        assert not {imported for imported in imports_of(path) if imported.split(".")[0] == app}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(MAIN)))
def test_nothing_of_main_knows_the_project_around_it(path):
    assert not re.search(r"^\s*(from|import) knossos\b", path.read_text(), re.MULTILINE)


def test_celery_is_never_imported_by_the_project_package():
    assert not (MAIN.parent / "knossos" / "__init__.py").read_text().strip()
