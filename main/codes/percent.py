"""Reads and writes a discount as people do: the only reader of percentages."""

import re
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.utils.formats import get_format
from django.utils.translation import gettext as _

NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?", re.ASCII)


def parse_percent(text: str) -> Decimal:
    """Return the number that `text` means: `20`, `20 %`, `12.5` or `12,5`.

    Raises ValidationError with a sentence for the person who wrote it. The model checks that it is from 0 to 100.
    """
    number = text.strip().removesuffix("%").strip()
    if not NUMBER.fullmatch(number):
        raise ValidationError(
            _("'%(written)s' is not a percentage: write a number such as 20 or 12.5.")
            % {"written": text.strip()[:40]},
            "percent",
        )
    return Decimal(number.replace(",", ".")) or Decimal(0)  # 0 for -0


def percent_in_words(number: Decimal) -> str:
    """Return "12.5 %", with the decimal mark of the reader's language."""
    return f"{number.normalize():f} %".replace(".", get_format("DECIMAL_SEPARATOR"))
