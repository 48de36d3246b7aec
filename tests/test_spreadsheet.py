"""No cell of a CSV file is a formula, in whatever way a spreadsheet is told to read the file."""

import csv
import sys
import unicodedata
from decimal import Decimal

import pytest

from main.codes.spreadsheet import csv_row, safe_cell


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        (" =1", " '=1"),
        ("\u00a0=1", "\\xa0=1"),
        ('"=1', "\"'=1"),
        ("\t=1", "\\t=1"),
        ("\r=1", "\\r=1"),
        ("A\n=1", "A\\n=1"),
        ("＝1", "'＝1"),
        ("－1", "'－1"),
        ("A;=CMD|'/C CALC'!A0;", "A;'=CMD|'/C CALC'!A0;"),
        ("A; =1", "A; '=1"),
        ('A;"=1"', 'A;"\'=1"'),
        ("A|=1", "A|'=1"),
        ("A,+1", "A,'+1"),
        # Read as text already, and left as they are.
        ("JOHNS-20", "JOHNS-20"),
        ("Anna - Maria", "Anna - Maria"),
        ("'=1", "'=1"),
        ("a@example.com", "a@example.com"),
        ("", ""),
    ],
)
def test_a_formula_becomes_text_and_text_stays_as_it_is(text, cell):
    assert safe_cell(text) == cell


def test_every_character_that_means_such_a_sign_is_one():
    signs = [char for char in map(chr, range(sys.maxunicode + 1)) if unicodedata.normalize("NFKC", char) in "=+-@"]
    assert [char for char in signs if not safe_cell(f"{char}1").startswith("'")] == []
    assert len(signs) > 4


@pytest.mark.parametrize("before", ["", "A;", "A,", "A|", "A\t", 'A;"', '"', '";', 'A","', " ", "A\n"])
def test_read_with_any_delimiter_no_cell_begins_like_a_formula(before):
    for sign in "=+-@＝＠":
        line = csv_row(["expired", f"{before}{sign}1", "John Smith"])
        for delimiter in ",;\t|":
            cells = next(csv.reader([line], delimiter=delimiter))
            assert not [cell for cell in cells if cell.lstrip(' "').startswith(sign)]


def test_numbers_stay_numbers_and_nothing_is_an_empty_cell():
    assert csv_row(["A,B", Decimal("-5.00"), -3, None]) == '"A,B",-5.00,-3,'
