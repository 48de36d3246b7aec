"""Text from people: what gets into the database, and how it reaches terminals and logs."""

from typing import TYPE_CHECKING, Any
from unicodedata import is_normalized, normalize

from django.core.exceptions import ValidationError
from django.db import models

# The stubs know the field as generic; at run time it is not.
if TYPE_CHECKING:
    CharField = models.CharField[str, str]
else:
    CharField = models.CharField

# Zero-width (non-)joiners: some scripts cannot be written without them.
JOINERS = str.maketrans("", "", "\u200c\u200d")


def clean_code(text: str) -> str:
    """Return the code that a person wrote as `text`, as it is stored: in capitals, without spaces around it.

    Letters with accents come out as one character each (NFC), however they were typed.
    """
    return normalize("NFC", text.strip().upper())


def validate_one_line(text: str) -> None:
    """Refuse control characters, line breaks, surrogates and invisible marks."""
    if not text.translate(JOINERS).isprintable():
        raise ValidationError("Only printable characters, please: no line breaks, tabs or invisible marks.", "control")


def validate_code(code: str) -> None:
    """Refuse what could not be compared whatever its case, in Python and in every database alike.

    SQLite knows the case of A to Z alone, so any other letter must be a capital already.
    """
    if not code.isprintable() or code != code.strip():
        raise ValidationError("A code is one line of printable characters, without spaces around it.", "control")
    if any(char != char.upper() for char in code if not char.isascii()):
        raise ValidationError("Write letters outside A to Z in capitals.", "case")
    if not is_normalized("NFC", code):
        raise ValidationError("Write each letter with its accents as one character (Unicode NFC).", "accents")


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
