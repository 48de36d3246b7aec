"""Very long text and characters that show nothing, wherever text comes in: refused at once, and stored nowhere."""

import csv
import sys
import time
import unicodedata
from contextlib import contextmanager, suppress
from functools import cache
from io import StringIO

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command, get_commands, load_command_class
from django.core.management.base import BaseCommand
from django.db import models, transaction
from lxml import html
from pydantic import ValidationError as WrongBody

from main.checkout.checking import check_code
from main.checkout.http.bodies import CodeToCheck, OrderToRedeem
from main.checkout.models import ApiToken, Redemption
from main.checkout.redeeming import NotRedeemed, redeem, void
from main.checkout.tokens import make_token
from main.codes.dates import parse_instant
from main.codes.folding import folded, same_name
from main.codes.spreadsheet import safe_cell
from main.codes.text import OneLineField, clean_code
from main.importing.columns import COLUMNS
from main.models import ReferralCode
from tests.access.people import body, routes
from tests.rubbish.listening import listening
from tests.rubbish.strategies import encoded

# Two kinds of marks in turn are what takes normalization longest: it sorts them.
MARKS = "A" + "\u0315\u0300" * 50_000
TWO_MEGABYTES = "A" + "\u0315\u0300" * 500_000
SECONDS = 3  # of the processor's time; before, these took 13
OURS = ("main", "notices", "checkout")


@contextmanager
def at_once():
    began = time.process_time()
    yield
    assert time.process_time() - began < SECONDS


def text_fields():
    for model in apps.get_models():
        if model._meta.app_label in OURS:
            for field in model._meta.concrete_fields:
                if isinstance(field, models.CharField) and field.editable and not field.choices:
                    yield model, field


def form_of(client, address):
    """What a browser would send from any form of a page, and all names of fields."""
    page = body(client.get(address))
    forms = html.fromstring(page).forms if page.strip().startswith(b"<") else []
    filled = {name: value for form in forms for name, value in form.form_values() if not name.startswith("_save")}
    return filled, {field.name for form in forms for field in form.inputs if field.name}


def long_file():
    """A file of this name and with this in it."""
    file = SimpleUploadedFile("codes.csv", ("code\n" + TWO_MEGABYTES).encode()[: 2**20], "text/csv")
    file._name = MARKS
    return file


@pytest.mark.parametrize("route", [route for route in routes() if route not in ("sign-out/", "admin/logout/")])
def test_a_long_text_in_any_field_of_any_form_and_address_is_answered_at_once(town, monkeypatch, route):
    address = town.address(route)
    client = town.client("superuser")
    if client.get(address).status_code != 200:  # some pages are for agents alone
        client = town.client("agent")
    with listening(monkeypatch) as asked:
        fields, names = form_of(client, address)
    with listening(monkeypatch) as posted, transaction.atomic():
        client.post(address, fields | {"post": "yes"})
        transaction.set_rollback(True)
    # One at a time: together they would be refused for the size of the body.
    for name in sorted({*names, *posted} - {"csrfmiddlewaretoken"}):
        for value in [MARKS, long_file()] if name == "file" else [MARKS]:
            with transaction.atomic(), at_once():
                assert client.post(address, fields | {name: value}).status_code < 500, name
                transaction.set_rollback(True)
    for name in sorted({*asked, "q", "next", "page"}):
        with at_once():
            assert client.get(f"{address}?{encoded({name: MARKS[:20_000]})}").status_code < 500, name


def test_a_long_text_is_read_at_once_in_python(db):
    for read in (clean_code, safe_cell, parse_instant, ReferralCode.objects.with_code, same_name, folded):
        with at_once(), suppress(ValidationError):
            read(MARKS)
    with at_once():
        assert not ReferralCode.objects.with_code(MARKS).exists()


@pytest.mark.parametrize("text", [MARKS, TWO_MEGABYTES], ids=["that a cell may have", "of two megabytes"])
@pytest.mark.parametrize("column", [*COLUMNS, "a further column", None])
def test_a_long_cell_and_a_long_name_of_a_column_are_refused_at_once_by_an_import(town, tmp_path, column, text):
    cells = {"code": "NEW-1", "agent": "Anna", "discount": "20", "expires_at": "2027-01-01", "status": "active"}
    if column:
        rows = [dict(cells) | {column: text}]
        names = list(rows[0])
    else:
        rows, names = [dict(cells)], [*list(cells)[1:], text]
    file = tmp_path / "codes.csv"
    with file.open("w", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(names)
        writer.writerows(list(row.values()) for row in rows)
    before = ReferralCode.objects.count()
    with at_once(), suppress(CommandError):
        call_command("import_codes", str(file), stdout=StringIO(), stderr=StringIO())
    assert ReferralCode.objects.count() - before <= (column == "a further column")  # which is not read


def arguments():
    """Each command of ours with a long text, shown as *, in the place of each argument and option that takes one."""
    usual = {action.dest for action in BaseCommand().create_parser("", "")._actions}
    for command, app in sorted(get_commands().items()):
        if app.partition(".")[0] == "main":
            parser = load_command_class(app, command).create_parser("manage.py", command)
            own = [action for action in parser._actions if action.dest not in usual and action.nargs != 0]
            places = [action for action in own if not action.option_strings]
            for action in own:
                given = ["*" if place is action else next(iter(place.choices or ["1"])) for place in places]
                yield [command, *given, *([action.option_strings[0], "*"] if action.option_strings else [])]


@pytest.mark.parametrize("command", list(arguments()), ids=" ".join)
def test_a_long_argument_is_refused_at_once_by_each_command(town, command):
    arguments = [TWO_MEGABYTES if argument == "*" else argument for argument in command]
    with at_once(), pytest.raises(CommandError) as refusal:
        call_command(*arguments, stdout=StringIO(), stderr=StringIO())
    assert str(refusal.value)


def test_a_long_text_is_refused_at_once_by_the_checkout(db):
    ReferralCode.objects.create(code="JOHNS-20")
    for call in (
        lambda: check_code(TWO_MEGABYTES),
        lambda: redeem(TWO_MEGABYTES, order="A-1"),
        lambda: redeem("promise:" + TWO_MEGABYTES, order="A-1"),
        lambda: redeem("JOHNS-20", order=TWO_MEGABYTES),
        lambda: redeem("JOHNS-20", order="A-1", amount=1, currency=TWO_MEGABYTES),
        lambda: redeem("JOHNS-20", order="A-1", shop=TWO_MEGABYTES),
        lambda: void(TWO_MEGABYTES),
    ):
        with at_once(), suppress(ValueError, NotRedeemed, Redemption.DoesNotExist):
            call()
    assert not Redemption.objects.exists()


@pytest.mark.parametrize("field", sorted({*CodeToCheck.model_fields, *OrderToRedeem.model_fields, "unknown"}))
@pytest.mark.parametrize("address", ["codes/check", "redemptions"])
def test_a_long_text_is_refused_at_once_by_each_field_of_the_api(client, db, address, field):
    token = make_token(ApiToken(name="Web shop", may_check=True, may_redeem=True))
    for text in (TWO_MEGABYTES, MARKS[:3000]):  # one is refused by its size, one comes through to the field
        body = {"code": "JOHNS-20", "order": "A-1"} | {field: text}
        with at_once():
            answer = client.post(
                f"/api/v1/{address}", body, "application/json", headers={"Authorization": f"Bearer {token}"}
            )
        assert answer.status_code in (200, 400, 413, 422), answer.content
    assert not Redemption.objects.exists()


@pytest.mark.parametrize(("model", "field"), list(text_fields()), ids=str)
def test_a_long_text_is_refused_at_once_by_each_column(db, model, field):
    with at_once(), pytest.raises(ValidationError):
        field.clean(MARKS, None)


# Texts that no person writes into a field: the system does, or a form offers them.
NOT_WRITTEN = {
    "notices.Notice.message_id", "notices.Notice.address", "notices.Notice.error",
    "notices.CalendarKey.hashed", "checkout.Redemption.currency", "main.ExpirationRun.person_name",
    "main.ExpirationRun.host", "main.ExpirationRun.error", "main.ExpirationRun.warning", "main.CodeImport.person",
    "main.CodeImport.file_name", "main.CodeImport.sha256",
    "main.PersonalChoice.language", "main.PersonalChoice.zone", "main.PersonalChoice.seen_language",
    "main.PersonalChoice.seen_zone",
}  # fmt: skip


def test_each_text_that_people_write_is_of_one_line():
    other = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        if model._meta.app_label in OURS
        for field in model._meta.concrete_fields
        if isinstance(field, (models.CharField, models.TextField)) and field.editable and not field.choices
        if not isinstance(field, OneLineField)
    }
    assert other == NOT_WRITTEN


@cache
def invisible():
    """What prints nothing, by Unicode: formats, fillers, variation selectors, tags, blanks that are no space."""
    found = []
    for number in range(sys.maxunicode + 1):
        char = chr(number)
        default_ignorable = number in (0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0, 0x2800) or (
            0x180B <= number <= 0x180F or 0xFE00 <= number <= 0xFE0F or 0xE0000 <= number <= 0xE0FFF
        )
        joiner = number in (0x200C, 0x200D)  # some scripts need them within a name
        if (unicodedata.category(char) == "Cf" or default_ignorable) and not joiner:
            found.append(char)
    return found


# A sign of format that shows: it stands over the figures of some scripts.
SHOWN = {"\u0600", "\u0601", "\u0602", "\u0603", "\u0604", "\u0605", "\u06dd", "\u070f", "\u0890", "\u0891", "\u08e2"}


@pytest.mark.parametrize(
    ("model", "field"),
    [(model, field) for model, field in text_fields() if isinstance(field, OneLineField)],
    ids=str,
)
def test_what_shows_nothing_gets_into_no_column_of_one_line(model, field):
    taken = []
    for char in invisible():
        with suppress(ValidationError):
            field.clean(f"B-0{char}", None)
            taken.append(char)
    assert set(taken) <= SHOWN


def test_what_shows_nothing_is_in_no_order_of_the_api():
    for char in set(invisible()) | {"\u200c", "\u200d"}:
        with pytest.raises(WrongBody):
            OrderToRedeem(order=f"A{char}1", code="JOHNS-20")
