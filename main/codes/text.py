"""Text from people: what gets into the database, and how it reaches terminals and logs."""

import re
from typing import TYPE_CHECKING, Any
from unicodedata import is_normalized, name, normalize

from django.core.exceptions import ValidationError
from django.db import models

# The stubs know the field as generic; at run time it is not.
if TYPE_CHECKING:
    CharField = models.CharField[str, str]
else:
    CharField = models.CharField

LONGEST_CODE = 64
# No code is written with more characters. To normalize a long text of nothing but accents takes seconds.
LONGEST_WRITTEN = 4 * LONGEST_CODE
LONGEST_ID = 18  # digits; the databases hold no more

# Zero-width (non-)joiners: some scripts cannot be written without them.
JOINERS = str.maketrans("", "", "\u200c\u200d")
# Characters that Python holds to be printable, and that show nothing.
INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U00016fe4\U0001d159\U000e0100-\U000e01ef]"
)
# Every dash of Unicode but the double and the wavy ones, which look different.
DASHES = (
    "\u00ad\u02d7\u058a\u05be\u1400\u1806\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u207b\u2212\u2796"
    "\u2e1a\u2e3a\u2e3b\u2e40\u2e5d\ufe58\ufe63\uff0d\U00010ead"
)
PLAIN_DASH = str.maketrans(dict.fromkeys(DASHES, "-"))


def clean_code(text: str) -> str:
    """Return the code that a person wrote as `text`, as it is stored: in capitals, without spaces around it.

    Full-width and other special forms of letters come out as plain ones, every dash as `-`, and a letter with
    accents as one character (NFKC). A text that is longer than any code comes back as it is.
    """
    text = text.strip()
    if len(text) > LONGEST_WRITTEN:
        return text
    # Dashes first: some have a special form of two characters. Capitals in between: some forms are of small letters.
    plain = normalize("NFKC", text.translate(PLAIN_DASH)).upper()
    return normalize("NFKC", plain).translate(PLAIN_DASH).strip()


def is_on_one_line(text: str) -> bool:
    """Whether `text` has only characters that show, each of them on the same line."""
    return text.isprintable() and not INVISIBLE.search(text)


def validate_one_line(text: str) -> None:
    """Refuse control characters, line breaks, surrogates and what shows nothing."""
    shown = text.translate(JOINERS)
    if not is_on_one_line(shown) or (text and not shown):
        raise ValidationError("Only printable characters, please: no line breaks, tabs or invisible marks.", "control")


def validate_code(code: str) -> None:
    """Refuse what could not be compared in Python and in every database alike.

    SQLite knows the case of A to Z alone, so any other letter must be a capital already. Neither database takes a
    letter and its accent together, so the two must be one character.
    """
    if len(code) > LONGEST_CODE:
        return  # the field says so
    if not is_on_one_line(code) or code != code.strip():
        raise ValidationError("A code is one line of printable characters, without spaces around it.", "control")
    if any(char != char.upper() for char in code if not char.isascii()):
        raise ValidationError("Write letters outside A to Z in capitals.", "case")
    if not is_normalized("NFKC", code) or any(name(char, "").startswith("COMBINING ") for char in code):
        raise ValidationError(
            "Write plain letters, and each letter with its accents as one character (Unicode NFKC).", "accents"
        )


class OneLineField(CharField):
    """Text that is validated on its way into the database too, whoever saves it: forms, shell, bulk_create."""

    default_validators = [validate_one_line]

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        if not hasattr(value, "resolve_expression"):
            value = self.clean(value, None)
        return super().get_db_prep_save(value, connection)


def visible(text: str) -> str:
    r"""Return `text` with every character that a terminal would act on written as its escape (`\n`, `\x1b`)."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)


def is_id(text: str) -> bool:
    """Whether `text`, from an address or a form, can be the id of a row."""
    return text.isdecimal() and len(text) <= LONGEST_ID
