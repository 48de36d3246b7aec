"""A language of the tests: every message of the catalogues in marks, and longer, as most languages are than English.

What a page shows outside the marks was not marked for translation. The language is made as docs/translate.md says that
a third language is made: a folder with a catalogue, and a line in LANGUAGES.

    python -m tests.languages.pseudo FOLDER   # to look at it: LOCALE_PATHS gets the folder, LANGUAGES gets "xx"
"""

import sys
from pathlib import Path

import django
import polib

from tests.conftest import PROJECT

CODE = "xx"
INFO = {"bidi": False, "code": CODE, "name": "Longer", "name_local": "⟦Longer⟧"}
OPEN, CLOSE = "⟦", "⟧"
OURS = list(PROJECT.glob("*/locale/el/LC_MESSAGES/django.po"))
DJANGOS = sorted(Path(django.__file__).parent.glob("**/locale/en/LC_MESSAGES/django.po"))


def longer(text):
    return f"{OPEN}{text}{'·' * (len(text) * 3 // 10)}{CLOSE}"


def build(folder):
    """Write the catalogue into `folder`, which becomes one of LOCALE_PATHS."""
    catalogue = polib.POFile()
    catalogue.metadata = {
        "Content-Type": "text/plain; charset=UTF-8",
        "Plural-Forms": "nplurals=2; plural=(n != 1);",
    }
    known = set()
    for path in [*OURS, *DJANGOS]:
        for entry in polib.pofile(str(path)):
            key = entry.msgctxt, entry.msgid
            if entry.obsolete or key in known:
                continue
            known.add(key)
            texts = {
                "msgid_plural": entry.msgid_plural,
                "msgstr_plural": {0: longer(entry.msgid), 1: longer(entry.msgid_plural)},
            }
            catalogue.append(
                polib.POEntry(
                    msgctxt=entry.msgctxt,
                    msgid=entry.msgid,
                    **(texts if entry.msgid_plural else {"msgstr": longer(entry.msgid)}),
                )
            )
    target = Path(folder) / CODE / "LC_MESSAGES"
    target.mkdir(parents=True)
    catalogue.save_as_mofile(str(target / "django.mo"))


if __name__ == "__main__":
    build(sys.argv[1])
