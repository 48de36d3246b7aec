"""Every address of the site, asked by every kind of person: the table is addresses.txt."""

from pathlib import Path

import pytest
from django.db import transaction

from tests.access.people import PEOPLE, Town, body, everything, foreign_names, outcome, routes

LETTERS = {"shown": "s", "sign-in": "L", "sent": ">", "403": "3", "404": "4", "405": "5", "401": "1", "415": "6"}
LINES = Path(__file__).with_name("addresses.txt").read_text().splitlines()
# The front page's route is empty, so the line of it begins with spaces.
TABLE = {" ".join(line.split()[:-2]): line.split()[-2:] for line in LINES if line and line[0] != "#"}
CHANGED = "!"
# A mail program that stops mails with one click sends no token (RFC 8058): the link itself is signed.
BY_LINK = "notices/<str:token>/"
# What our forms say when they mean it, and what such a mail program says.
MEANT = {"post": "yes", "List-Unsubscribe": "One-Click"}


def test_each_address_has_a_line_and_no_line_is_without_address():
    assert sorted(routes()) == sorted(TABLE)


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("route", TABLE)
def test_who_gets_what(town, route, method):
    found = ""
    for person in PEOPLE:
        with transaction.atomic():
            before = everything()
            response = getattr(town.client(person), method)(town.address(route), MEANT if method == "post" else {})
            found += LETTERS[outcome(response)] if everything() == before else CHANGED
            page = body(response).decode(errors="replace")
            assert not [name for name in foreign_names(person) if name in page], f"{person} sees {route}"
            transaction.set_rollback(True)
    assert found == TABLE[route][method == "post"]


@pytest.mark.parametrize("person", ["anonymous", "agent", "superuser"])
def test_nobody_keeps_a_copy_of_a_page(town, person):
    for route in TABLE:
        response = town.client(person).get(town.address(route))
        assert "no-store" in response["Cache-Control"], route


@pytest.mark.parametrize("person", ["anonymous", "agent", "staff"])
def test_nothing_is_done_without_a_token_of_the_form(town, person):
    before = everything()
    for route in set(TABLE) - {BY_LINK}:
        client = town.client(person, enforce_csrf_checks=True)
        response = client.post(town.address(route), MEANT)
        assert outcome(response) in ("401", "403", "404", "405", "415", "sign-in", "sent"), route
    assert everything() == before


def test_with_a_token_it_is_done(town):
    client = town.client("staff", enforce_csrf_checks=True)
    address = f"/profile/{town.agent.pk}/codes/{town.code.pk}/switch-off/"
    client.get(address)
    assert outcome(client.post(address, {"csrfmiddlewaretoken": client.cookies["csrftoken"].value})) == "sent"
    town.code.refresh_from_db()
    assert town.code.status == "inactive"


@pytest.mark.django_db(transaction=True)
def test_no_address_fails_outside_a_transaction():
    town = Town()
    for method in ("get", "post"):
        for route in TABLE:
            if TABLE[route][method == "post"][-1] != CHANGED:
                client = town.client("superuser")  # a new one: some addresses sign out
                assert getattr(client, method)(town.address(route)).status_code < 500, (method, route)
