"""What `import_codes` takes for a CSV file, and what it says of one that it cannot read."""

import codecs

import pytest
from django.core.management import CommandError, call_command

from main.models import ReferralCode
from tests.conftest import latest_import

pytestmark = pytest.mark.django_db

MISSING = "is a delimiter or a quote missing?"
PLAIN = "code,agent,discount,expires_at,status\nA-1,,10,,active\nB-2,,20,,active\n"


def codes_and_discounts():
    return {code: int(discount) for code, discount in ReferralCode.objects.values_list("code", "discount")}


@pytest.mark.parametrize(
    "content",
    [
        PLAIN,
        PLAIN.rstrip("\n"),
        PLAIN.replace("\n", "\r\n"),
        PLAIN.replace("\n", "\r"),
        codecs.BOM_UTF8 + PLAIN.encode(),
        codecs.BOM_UTF8 + PLAIN.replace(",", ";").replace("\n", "\r\n").encode(),
        PLAIN.replace(",", "\t"),
        "sep=;\r\n" + PLAIN.replace(",", ";"),
        PLAIN.replace("\n", "\n\n , ,,,\n"),
        PLAIN.replace("\n", ",,\n"),
        '"code" ,"discount"\n"A-1", "10"\n"B-2",20\n'.replace('" ,', '",'),
        "STATUS;Discount (%);Referral-Code;Valid  until\n;10;a-1;\n;20 %;b-2;never\n",
        "promo_code,percent,expiresAt\nA-1,10,\nB-2,20,\n",
    ],
)
def test_the_same_codes_in_many_forms_of_file(import_codes, content):
    assert import_codes(content).out == f"Imported 2 codes. This is import {latest_import().pk}.\n"
    assert codes_and_discounts() == {"A-1": 10, "B-2": 20}


def test_a_column_that_is_not_known_is_ignored_and_listed(import_codes):
    content = "no,code,Campaign  name,discount,agent,status,\n1,A-1,x,,,,\n"
    assert import_codes(content).out == (
        "Ignored columns: no, Campaign name. No column is called expires_at.\n"
        f"Imported 1 code. This is import {latest_import().pk}.\n"
    )
    assert import_codes(content.replace("A-1", "A-2"), verbosity=0).out == (
        f"Imported 1 code. This is import {latest_import().pk}.\n"
    )


def test_a_file_that_holds_its_header_alone_imports_nothing(import_codes):
    assert import_codes("code,agent\n").out == f"Imported 0 codes. This is import {latest_import().pk}.\n"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "The file is empty: its first line must name the columns."),
        (codecs.BOM_UTF8, "The file is empty: its first line must name the columns."),
        (" \n\n", "The file is empty: its first line must name the columns."),
        (
            "A-1;John\x1b[31m;20\n",
            "No column is named 'code'. The first line must name the columns, parted by , or ; or tab. "
            r"It says: A-1, John\x1b[31m, 20",
        ),
        ("code,Coupon\nA,B\n", "The columns 'code' and 'Coupon' both mean code: keep one of them."),
        (
            "code,Expires,valid_until\n",
            "The columns 'Expires' and 'valid_until' both mean expires_at: keep one of them.",
        ),
        (
            "code\r\nA\r\nCAF\u00c9\r\n".encode("latin-1"),
            "Line 3 is not UTF-8 (byte 0xC9): save it as CSV in UTF-8, or choose: --encoding cp1253 reads 'CAFΙ'; "
            "--encoding cp1251 reads 'CAFЙ'; --encoding cp1252 reads 'CAFÉ'.",
        ),
        (
            codecs.BOM_UTF8 + b"code\n\xff\n",
            "Line 2 is not UTF-8 (byte 0xFF): save it as CSV in UTF-8, or choose: "
            "--encoding cp1251 reads 'я'; --encoding cp1252 reads 'ÿ'.",
        ),
        (
            PLAIN.encode("utf-16"),
            "Line 1 holds a NUL character, so this is not plain text: save it as CSV in UTF-8.",
        ),
        (
            PLAIN.encode("utf-16-be"),
            "Line 1 holds a NUL character, so this is not plain text: save it as CSV in UTF-8.",
        ),
        (
            '"code\nA-1\n',
            "Line 1: this is not CSV (unexpected end of data): is a quote missing, or one in quotes not doubled?",
        ),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_one_sentence(import_codes, content, complaint):
    assert import_codes(content) == ("", "", f"codes.csv: {complaint}", 1)


@pytest.mark.parametrize(
    ("rows", "refused"),
    [
        ("A-1\n", f"line 2: refused: the first line has 2 cells and this one 1: {MISSING}"),
        (
            "A-1,20,5\n",
            f"line 2: refused: the first line has 2 cells and this one 3: {MISSING}",
        ),
        (
            "\r\n\r\nA-1\r\n",
            f"line 4: refused: the first line has 2 cells and this one 1: {MISSING}",
        ),
        (
            'A-1,"20\n\n"\nA-2,x\n',
            "line 5: refused: discount: 'x' is not a percentage: write a number such as 20 or 12.5",
        ),
        (
            'A-1,10\n"A-2"x,10\n',
            "line 3: refused: this is not CSV (',' expected after '\"'): "
            "is a quote missing, or one in quotes not doubled?",
        ),
        (
            'A-1,10\n"A-2,10\nA-3,10\n',
            "line 3: refused: this is not CSV (unexpected end of data): "
            "is a quote missing, or one in quotes not doubled?",
        ),
        (
            f"A-1,10\nA-2,{'1' * 200_000}\n",
            "line 3: refused: this is not CSV (field larger than field limit (131072)): "
            "is a quote missing, or one in quotes not doubled?",
        ),
    ],
)
def test_a_row_that_cannot_be_read_is_named_by_the_line_it_starts_on(import_codes, rows, refused):
    assert import_codes(f"code,discount\n{rows}").refused == f"{refused}\n"
    assert codes_and_discounts() == {}


@pytest.mark.parametrize(
    ("name", "complaint"), [("missing.csv", "No such file or directory"), ("folder", "Is a directory")]
)
def test_no_such_file_is_wrong_usage(tmp_path, name, complaint):
    (tmp_path / "folder").mkdir()
    with pytest.raises(CommandError) as refused:
        call_command("import_codes", str(tmp_path / name))
    assert str(refused.value) == f"{tmp_path / name} cannot be read: {complaint}."
    assert refused.value.returncode == 2
