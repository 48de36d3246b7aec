"""Text that people write: what may be stored, and how it is shown in terminals and logs."""

import re
from typing import TYPE_CHECKING, Any
from unicodedata import is_normalized, name, normalize

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

# The field is generic in the type stubs, but not at run time.
if TYPE_CHECKING:
    CharField = models.CharField[str, str]
else:
    CharField = models.CharField

LONGEST_CODE = 64
# Nobody writes a code with more characters. Normalizing a long text that is nothing but accents takes seconds.
LONGEST_WRITTEN = 4 * LONGEST_CODE
LONGEST_ID = 18  # digits; the databases hold no more

# Zero-width joiners and non-joiners: some scripts cannot be written without them.
JOINERS = str.maketrans("", "", "\u200c\u200d")
# Invisible characters that Python counts as printable.
INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U00016fe4\U0001d159\U000e0100-\U000e01ef]"
)
EMAIL = re.compile(r"[^\s<>'\",;:=()]+@[^\s<>'\",;:=()]+")
# Every dash of Unicode except the double and the wavy ones, which look different.
DASHES = (
    "\u00ad\u02d7\u058a\u05be\u1400\u1806\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u207b\u2212\u2796"
    "\u2e1a\u2e3a\u2e3b\u2e40\u2e5d\ufe58\ufe63\uff0d\U00010ead"
)
PLAIN_DASH = str.maketrans(dict.fromkeys(DASHES, "-"))


def clean_code(text: str) -> str:
    """Return the code `text`, which a person wrote, in the form that is stored: in capitals, without spaces around it.

    Full-width and other special forms of letters become plain letters, every dash becomes `-`, and a letter with
    accents becomes one character (NFKC). A text that is longer than any code is returned unchanged.
    """
    text = text.strip()
    if len(text) > LONGEST_WRITTEN:
        return text
    if text.isascii():  # nearly all codes; there is nothing to normalize
        return text.upper()
    # Dashes are replaced first, because NFKC turns some into two characters. NFKC runs again after `upper`, because it
    # may bring small letters.
    plain = normalize("NFKC", text.translate(PLAIN_DASH)).upper()
    return normalize("NFKC", plain).translate(PLAIN_DASH).strip()


def is_on_one_line(text: str) -> bool:
    """Whether all characters of `text` are visible and on one line."""
    return text.isprintable() and not INVISIBLE.search(text)


def is_name_on_one_line(text: str) -> bool:
    """The same for names, in which some scripts need joiners; a text of joiners alone shows nothing."""
    shown = text.translate(JOINERS)
    return is_on_one_line(shown) and bool(shown or not text)


def validate_one_line(text: str) -> None:
    """Refuse control characters, line breaks, surrogates and invisible characters."""
    if not is_name_on_one_line(text):
        raise ValidationError(
            _("Only printable characters, please: no line breaks, tabs or invisible marks."), "control"
        )


def validate_code(code: str) -> None:
    """Refuse codes that Python and the databases would compare differently.

    SQLite changes the case of A to Z only, so every other letter must be a capital already. The databases compare a
    letter and a separate accent as two characters, so the two must be one character.
    """
    if len(code) > LONGEST_CODE:
        return  # the field says so
    if not is_on_one_line(code) or code != code.strip():
        raise ValidationError(_("A code is one line of printable characters, without spaces around it."), "control")
    if any(char != char.upper() for char in code if not char.isascii()):
        raise ValidationError(_("Write letters outside A to Z in capitals."), "case")
    if not is_normalized("NFKC", code) or any(name(char, "").startswith("COMBINING ") for char in code):
        raise ValidationError(
            _("Write plain letters, and each letter with its accents as one character (Unicode NFKC)."), "accents"
        )


class OneLineField(CharField):
    """Text that is also validated when it is written to the database: by a form, the shell, bulk_create or update."""

    default_validators = [validate_one_line]

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        if not hasattr(value, "resolve_expression"):
            value = self.clean(value, None)
        return super().get_db_prep_save(value, connection)


def visible(text: str) -> str:
    r"""Return `text` with an escape (`\n`, `\x1b`) for every character that would control a terminal."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)


def without_addresses(text: str) -> str:
    """Return `text` with … in place of each e-mail address, for a log."""
    return EMAIL.sub("…", text)


def is_id(text: str) -> bool:
    """Whether `text`, from an address or a form, can be the id of a row."""
    return text.isdecimal() and len(text) <= LONGEST_ID
