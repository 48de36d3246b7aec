"""The catalogues are whole: nothing new, fuzzy or empty, the same placeholders, compiled as they stand."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import polib
import pytest
from django.conf import settings

from tests.conftest import PROJECT

LANGUAGES = [code for code, name in settings.LANGUAGES if not code.startswith("en")]
CATALOGUES = [
    PROJECT / app / "locale" / language / "LC_MESSAGES" / "django.po"
    for app in ("main", "knossos")
    for language in LANGUAGES
]
PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[sd]|%%|\{\w+\}")
TAG = re.compile(r"<[^>]+>")

pytestmark = pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: str(path.relative_to(PROJECT)))


def entries(path):
    return [entry for entry in polib.pofile(str(path)) if not entry.obsolete]


def texts(entry):
    """Each text to translate with its translation."""
    if not entry.msgid_plural:
        return [(entry.msgid, entry.msgstr)]
    return [
        (entry.msgid, entry.msgstr_plural[0]),
        *((entry.msgid_plural, text) for n, text in entry.msgstr_plural.items() if n),
    ]


def test_nothing_is_fuzzy_and_nothing_empty(path):
    bad = [entry.msgid for entry in entries(path) if entry.fuzzy or not all(text for _, text in texts(entry))]
    assert not bad
    assert not [entry.msgid for entry in polib.pofile(str(path)) if entry.obsolete]


def test_placeholders_and_tags_agree(path):
    """In the singular a translation may leave the number out: "one code"."""
    bad = [
        (text, translated)
        for entry in entries(path)
        for text, translated in texts(entry)
        if sorted(TAG.findall(text)) != sorted(TAG.findall(translated))
        or not set(PLACEHOLDER.findall(translated)) <= set(PLACEHOLDER.findall(f"{text} {entry.msgid_plural}"))
        or (not entry.msgid_plural and set(PLACEHOLDER.findall(text)) != set(PLACEHOLDER.findall(translated)))
    ]
    assert not bad


def test_a_translation_begins_and_ends_as_its_text_does(path):
    """With the same spaces and marks, so that it fits where it is put. A question ends with a semicolon in Greek."""
    marks = {"?": ";"}
    bad = [
        (text, translated)
        for entry in entries(path)
        for text, translated in texts(entry)
        if (translated.strip() != translated and text.strip() == text)
        or (text[-1] in ".:?!…" and translated[-1] != marks.get(text[-1], text[-1]))
    ]
    assert not bad


def test_what_is_compiled_is_what_is_written(path):
    written = {(entry.msgctxt, entry.msgid): (entry.msgstr, entry.msgstr_plural) for entry in entries(path)}
    compiled = polib.mofile(str(path.with_suffix(".mo")))
    assert {(entry.msgctxt, entry.msgid): (entry.msgstr, entry.msgstr_plural) for entry in compiled} == written


def test_no_marked_text_is_missing_in_the_catalogue(path, tmp_path):
    """`makemessages` finds nothing new in a copy of the code, and nothing that is not there any more."""
    if not shutil.which("xgettext"):
        (pytest.fail if os.environ.get("REQUIRE_GETTEXT") == "1" else pytest.skip)("needs GNU gettext")
    app, language = path.parents[3], path.parents[1].name
    copy = tmp_path / app.name
    shutil.copytree(app, copy, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
    subprocess.run(
        [sys.executable, "-m", "django", "makemessages", "-l", language, "--no-obsolete", "-v", "0"],
        cwd=copy, check=True, env={**os.environ, "DJANGO_SETTINGS_MODULE": ""},
    )  # fmt: skip
    found = copy / Path(*path.parts[len(app.parts) :])
    assert {(e.msgctxt, e.msgid) for e in entries(found)} == {(e.msgctxt, e.msgid) for e in entries(path)}
