"""Rows of a CSV file that no spreadsheet takes for formulas."""

import csv
import re
from collections.abc import Iterable
from decimal import Decimal
from io import StringIO

from main.codes.text import visible

# What starts a formula, and what some spreadsheets read as the same: full-width, small, raised, lowered.
SIGNS = r"=+\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u207a-\u207c\u208a-\u208c\ufb29"
# At the start of a cell, or behind what a person may tell the spreadsheet to part the cells at.
FORMULA = re.compile(rf'((?:^|[,;|])[\s"]*)(?=[{SIGNS}])')


def csv_row(cells: Iterable[str | Decimal | int | None]) -> str:
    """Return one line of a CSV file, without its line break. Texts are made safe, numbers stay numbers."""
    line = StringIO()
    csv.writer(line, lineterminator="").writerow(safe_cell(cell) if isinstance(cell, str) else cell for cell in cells)
    return line.getvalue()


def safe_cell(text: str) -> str:
    """Return `text` with an apostrophe before each formula in it, and with control characters as their escapes."""
    return FORMULA.sub(r"\1'", visible(text))
