"""The lock files pin what the .in files ask for and all that it needs, no less and no more; seen without a network."""

from importlib.metadata import requires, version

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import PROJECT

LOCKS = ["requirements", "requirements-dev"]


def lines_of(name):
    """The lines of the file, without comments; `-r` is followed."""
    lines = [line.partition("#")[0].strip() for line in (PROJECT / name).read_text().splitlines()]
    included = [line.removeprefix("-r ") for line in lines if line.startswith("-r ")]
    own = [line for line in lines if line and not line.startswith("-")]
    return own + [line for name in included for line in lines_of(name)]


def pins_of(lock):
    return [Requirement(line) for line in lines_of(f"{lock}.txt")]


def holds_here(pin):
    return pin.marker is None or pin.marker.evaluate()


def name_of(requirement):
    return canonicalize_name(requirement.name)


def needed_here(asked):
    """The names of these and of all that they need, by what the installed packages say, on this system."""
    needed = set()
    open_ends = [(requirement, "") for requirement in asked]
    seen = set()
    while open_ends:
        requirement, extra = open_ends.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = name_of(requirement)
        needed.add(name)
        for wanted in {"", *requirement.extras} - {done for other, done in seen if other == name}:
            seen.add((name, wanted))
            open_ends += [(Requirement(line), wanted) for line in requires(name) or []]
    return needed


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_pins_what_is_asked_for_and_what_that_needs(lock):
    pins = pins_of(lock)
    asked = [Requirement(line) for line in lines_of(f"{lock}.in")]
    for requirement in asked:
        versions = [str(pin.specifier).removeprefix("==") for pin in pins if name_of(pin) == name_of(requirement)]
        assert versions, f"{lock}.txt does not pin {requirement}: run poe lock"
        assert all(map(requirement.specifier.contains, versions)), f"{lock}.txt pins {versions} of {requirement}"
    assert needed_here(asked) == {name_of(pin) for pin in pins if holds_here(pin)}, "run poe lock"


def test_the_installed_packages_are_the_pinned_ones():
    """Else what the test above reads of them would say nothing about the pins."""
    for pin in filter(holds_here, pins_of("requirements-dev")):
        assert f"=={version(pin.name)}" == str(pin.specifier), f"{pin.name}: pip install -r requirements-dev.txt"


def test_what_runs_in_production_is_what_the_tests_ran_with():
    assert set(lines_of("requirements.txt")) <= set(lines_of("requirements-dev.txt"))
    for lock in LOCKS:
        assert all(str(pin.specifier).startswith("==") for pin in pins_of(lock))
        assert "://" not in (PROJECT / f"{lock}.txt").read_text()  # of whichever index they were compiled from
