"""What the files of the repository promise about each other."""

import ast
import re
import shutil
import subprocess
import tomllib

import pytest

from tests.conftest import PROJECT

DECISIONS = PROJECT / "docs" / "decisions"
COMMANDS = [
    "python3 -m venv .venv && .venv/bin/pip install -q -r requirements.txt && .venv/bin/python manage.py demo",
    ".venv/bin/pip install -q -r requirements-dev.txt && .venv/bin/python -m pytest",
]


def read(name):
    return (PROJECT / name).read_text(encoding="utf-8")


def test_the_gate_runs_the_commands_of_the_readme_word_for_word():
    lines = read("README.md").splitlines()
    patterns = re.findall(r"\$\(grep -m1 '(.+)' README.md\)", read(".ci/run"))
    assert [next(line for line in lines if re.match(pattern, line)) for pattern in patterns] == COMMANDS


def test_the_index_of_the_decisions_has_a_line_for_each():
    titles = {path.name: path.read_text(encoding="utf-8").splitlines()[0] for path in sorted(DECISIONS.glob("0*.md"))}
    lines = [f"- [{name[:4]}]({name}) {title.removeprefix('# ')}" for name, title in titles.items()]
    assert [line for line in read("docs/decisions/README.md").splitlines() if line.startswith("- ")] == lines
    numbers = [name[:4] for name in titles]
    assert len(numbers) == len(set(numbers)), "two decisions have one number"


IN_GREEK = sorted([*PROJECT.glob("*.el.md"), *PROJECT.glob("docs/*.el.md")])


@pytest.mark.parametrize("path", IN_GREEK, ids=lambda path: path.name)
def test_a_page_in_greek_has_the_same_commands_headings_rows_and_links_as_in_english(path):
    name = path.name.removesuffix(".el.md")
    greek, english = (page.read_text(encoding="utf-8") for page in (path, path.with_name(f"{name}.md")))
    assert greek.splitlines()[2] == f"[English]({name}.md)"
    assert english.splitlines()[2] == f"[Ελληνικά]({name}.el.md)"
    for pattern in (
        r"(?ms)^```.*?^```",  # commands
        r"(?m)^#+ ",
        r"(?m)^\|(?: *`[^|]*` *\|)?",  # rows of tables, with what a first cell of code says
    ):
        assert re.findall(pattern, greek) == re.findall(pattern, english)
    links = []
    for link in re.findall(r"\]\(([^)]+)\)", english)[1:]:
        of_page = link.replace(".md", ".el.md").replace(".png", "-el.png")  # where there is one
        links.append(of_page if (path.parent / of_page).is_file() else link)
    assert re.findall(r"\]\(([^)]+)\)", greek)[1:] == links


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "README.md", "requirements.in", "requirements-dev.in"])
def test_the_tasks_that_the_docs_name_are_there(page):
    tasks = tomllib.loads(read("pyproject.toml"))["tool"]["poe"]["tasks"]
    assert set(re.findall(r"\bpoe ([a-z]+)", read(page))) <= tasks.keys()


TESTS = sorted((PROJECT / "tests").rglob("*.py"))


@pytest.mark.parametrize("path", TESTS, ids=lambda path: str(path.relative_to(PROJECT)))
def test_a_test_carries_no_annotation(path):
    functions = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if hasattr(node, "returns")]
    annotated = [
        function.name
        for function in functions
        if function.returns or any(getattr(node, "annotation", None) for node in ast.walk(function.args))
    ]
    assert not annotated, "tests carry no annotations (CONTRIBUTING.md)"


# Put together here, so that this file does not match itself.
UNWANTED = [
    "py" + r"pi\.org",
    "python" + "hosted",
    "registry" + r"\.npm",
    "deb" + r"\.debian",
    "/wor" + "k/",
    "TO" + "DO",
]


@pytest.mark.parametrize("pattern", UNWANTED)
def test_no_file_names_a_registry_or_a_folder_of_one_machine_or_is_unfinished(pattern):
    if not shutil.which("git") or not (PROJECT / ".git").exists():
        pytest.skip("needs git and a clone")
    found = subprocess.run(
        ["git", "grep", "-nIE", rf"(^|[^A-Za-z]){pattern}"], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert (found.stdout, found.stderr) == ("", "")
