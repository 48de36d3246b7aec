"""Codes that look the same are the same code: they have one lookup key.

Python makes the key of what is typed; the database makes the key of what is stored.
"""

import re
from typing import Any
from unicodedata import normalize

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import CharField, Func
from django.db.models.sql.compiler import SQLCompiler

from main.codes.text import DASHES, LONGEST_CODE, clean_code, is_on_one_line

# Capitals of the Latin, Greek and Cyrillic alphabets; each group is looked up as its first letter.
# A change here changes what the databases have computed: it needs a migration that makes the column anew.
CAPITALS = [
    *"AΑА BΒВ CС EΕЕ FϜ GԌ HΗН IΙІӀ JͿЈ KΚК MΜМϺ NΝ OΟО PΡР QԚ SЅ TΤТ VѴ WԜ XΧХ YΥҮУ ZΖ".split(),  # noqa: RUF001, SIM905
    *"ĐÐƉ ƏӘ ƐԐ ƷӠ ÞϷ ΓГ ΘѲӨƟ ΛɅ ΠП ΣƩ ΦФ ΨѰ ЬƄ".split(),  # noqa: RUF001, SIM905
]
ALPHABETS = [(0x00C0, 0x0250), (0x0370, 0x0530), (0x1E00, 0x2000)]


def _look_alikes() -> dict[str, str]:
    """For each capital that looks like another one, that other one; also with accents."""
    plain = {ord(letter): group[0] for group in CAPITALS for letter in group[1:]}
    found = {}
    for letter in (chr(place) for first, end in ALPHABETS for place in range(first, end)):
        same = normalize("NFC", normalize("NFD", letter).translate(plain))
        if same != letter == letter.upper() == normalize("NFKC", letter) and len(same) == 1:
            found[letter] = same
    return found


# A space stands for "no character": all spaces are removed in the last step.
LOOK_ALIKES = {" ": " ", **dict.fromkeys(DASHES, "-"), **_look_alikes()}
TABLE = str.maketrans(LOOK_ALIKES)


def lookup_key(text: str) -> str:
    """Return the key that all spellings of the code `text` have in common.

    Empty for a text that cannot be a code: too long, or with control characters or invisible characters.
    """
    cleaned = clean_code(text)
    if len(cleaned) > LONGEST_CODE or not is_on_one_line(cleaned):
        return ""
    alike = cleaned if cleaned.isascii() else normalize("NFC", cleaned.translate(TABLE))
    return alike.replace(" ", "")


class LookupKey(Func):
    """`lookup_key` of a stored code, computed by the database.

    Nearly all codes are ASCII, and take a shorter expression. Only A to Z need to become capitals, because
    `validate_code` refuses other small letters. So the result does not depend on the database's locale.
    """

    arity = 1
    output_field = CharField(max_length=LONGEST_CODE)

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(f"Codes are looked up on PostgreSQL and SQLite, not on {connection.display_name}.")

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **kwargs: Any) -> Any:
        template = (
            "CASE WHEN octet_length({code}) = length({code}) THEN replace(upper({code} COLLATE \"C\"), ' ', '') "
            "ELSE replace(translate(upper({code} COLLATE \"C\"), '{typed}', '{same}'), ' ', '') END"
        )
        return self._filled(template, compiler)

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **kwargs: Any) -> Any:
        """Character by character: SQLite has no `translate`, and its parser takes no more than 33 nested calls."""
        character = "substr({{code}}, {place}, 1)"
        one = f"substr('{{same}}' || {character}, instr('{{typed}}' || {character}, {character}), 1)"
        each = " || ".join(one.replace("{place}", str(place)) for place in range(1, LONGEST_CODE + 1))
        template = (
            "CASE WHEN length(CAST({code} AS BLOB)) = length({code}) THEN replace(upper({code}), ' ', '') "
            f"ELSE replace(upper({each}), ' ', '') END"
        )
        return self._filled(template.replace("{{", "{").replace("}}", "}"), compiler)

    def _filled(self, template: str, compiler: SQLCompiler) -> tuple[str, list[Any]]:
        code, params = compiler.compile(self.source_expressions[0])
        times = len(re.findall("{code}", template))
        filled = template.format(code=code, typed="".join(LOOK_ALIKES), same="".join(LOOK_ALIKES.values()))
        return filled, [*params] * times
