"""Rows of a CSV file in which no spreadsheet finds a formula."""

import csv
import re
from collections.abc import Iterable
from decimal import Decimal
from io import StringIO

from main.codes.text import visible

# The signs that start a formula, and their full-width, small, raised and lowered forms: some spreadsheets accept them.
SIGNS = r"=+\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u207a-\u207c\u208a-\u208c\ufb29"
# At the start of a cell, or after a character that a person may choose as the delimiter in the spreadsheet.
FORMULA = re.compile(rf'((?:^|[,;|])[\s"]*)(?=[{SIGNS}])')


def csv_row(cells: Iterable[str | Decimal | int | None]) -> str:
    """Return one line of a CSV file, without a line break. Texts are made safe; numbers stay numbers."""
    line = StringIO()
    csv.writer(line, lineterminator="").writerow(safe_cell(cell) if isinstance(cell, str) else cell for cell in cells)
    return line.getvalue()


def safe_cell(text: str) -> str:
    """Return `text` with an apostrophe before each formula, and with control characters as escapes such as `\\x1b`."""
    return FORMULA.sub(r"\1'", visible(text))
