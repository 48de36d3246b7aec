"""Every address of the site, with rubbish for every parameter that its page reads: never a 500, for nobody.

Which parameters a page reads is seen by listening while it answers; of the lists of the admin, which read whatever
comes, every field with every lookup is asked for. The tries are drawn from a fixed seed, so that each run is the same.
"""

from random import Random
from urllib.parse import quote_from_bytes

import pytest
from django.contrib import admin
from django.db import transaction
from lxml import html

from tests.access.people import body, routes
from tests.rubbish.listening import listening
from tests.rubbish.strategies import NASTY, encoded

FORM = "application/x-www-form-urlencoded"
PEOPLE = ["anonymous", "agent", "staff", "superuser"]
TRIES = 3  # for each address, method and person
NUMBERS = [
    "0",
    "-1",
    "1",
    "13",
    "32",
    "366",
    "9999",
    "10000",
    "2147483648",
    str(2**63),
    "1.5",
    "2027-01-01",
    "2027-02-30",
]
VALUES = [
    *NASTY,
    *NUMBERS,
    "[",
    "(",
    "\\",
    "%",
    "a,b",
    "true",
    "on",
    "foo",
    "//",
    "http://[",
    "admin:index",
    "🏴" * 300,
]


def lookups(route):
    """Each field of a list's model with each lookup, one relation deep, and the parameters of its own filters."""
    for model, model_admin in admin.site._registry.items():
        if route == f"admin/{model._meta.app_label}/{model._meta.model_name}/":
            own = [item.parameter_name for item in model_admin.list_filter if hasattr(item, "parameter_name")]
            return sorted({*own, *_lookups_of(model), *(f"{name}__exact" for name in _names_of(model))})
    return []


def _names_of(model):
    for field in model._meta.get_fields():
        yield field.name
        if field.is_relation:
            yield from (f"{field.name}__{other.name}" for other in field.related_model._meta.get_fields())


def _lookups_of(model):
    for field in model._meta.concrete_fields:
        yield from (f"{field.name}__{lookup}" for lookup in field.get_lookups())
        yield from (
            f"{field.name}__{part}__{lookup}" for part in ("year", "month") for lookup in ("gt", "in", "regex")
        )


def filled_in(page):
    """The longest form of a page, as a browser would send it."""
    forms = html.fromstring(page).forms if page.strip().startswith(b"<") else []
    filled = [{name: value for name, value in form.form_values() if not name.startswith("_save")} for form in forms]
    return max(filled, key=len, default={})


@pytest.mark.parametrize("route", list(routes()))
def test_rubbish_in_what_a_page_reads_is_no_fault_of_ours(town, monkeypatch, route):
    for person in PEOPLE:
        attack(town, monkeypatch, route, person)


def attack(town, monkeypatch, route, person):
    random = Random(f"{route} {person}")
    address = town.address(route)

    def ask(method, query, fields=""):
        client = town.client(person)
        with transaction.atomic():
            if method == "get":
                response = client.get(f"{address}?{query}")
            else:
                response = client.post(f"{address}?{query}", fields, content_type=FORM)
            transaction.set_rollback(True)
        assert response.status_code < 500, (person, method, f"{address}?{query}", fields)
        return response.status_code, body(response)

    with listening(monkeypatch) as names:
        _, page = ask("get", "")
        ask("post", "", "post=yes")
    form = filled_in(page)
    read = sorted({*names, *form, "next", "page", "_to_field", "_popup", "_changelist_filters", "e", "p", "o", "all"})
    for _ in range(TRIES):
        some = random.sample(read, min(len(read), random.choice([1, 1, 2, 3])))
        ask("get", encoded({name: random.choice(VALUES) for name in some}))
        wrong = random.sample(read, random.choice([1, 1, 2])) if random.random() < 0.8 else read
        fields = form | {"post": "yes"} | {name: random.choice(VALUES) for name in wrong}
        ask("post", encoded({random.choice(read): random.choice(VALUES)}), encoded(fields))
    names_of_list = lookups(route) if person == "superuser" else []
    for name in random.sample(names_of_list, min(len(names_of_list), 40)):
        ask("get", encoded({name: random.choice(VALUES)}))


NO_TEXT = [b"\xff\xfe", b"%", b"%zz=%zz", b"=&=&&", b"a" * 3000, quote_from_bytes(b"\xed\xa0\x80").encode()]


@pytest.mark.parametrize("person", ["anonymous", "superuser"])
def test_bytes_that_are_no_text_are_no_fault_of_ours(town, person):
    client = town.client(person)
    # Each address gets two of them; Django reads them all before it knows which page is asked for.
    for number, route in enumerate(routes()):
        for raw in (NO_TEXT[number % len(NO_TEXT)], NO_TEXT[(number + 1) % len(NO_TEXT)]):
            query = raw.decode("latin-1")
            assert client.get(f"{town.address(route)}?{query}={query}").status_code < 500
            assert client.post(town.address(route), raw, content_type=FORM).status_code < 500
            multipart = "multipart/form-data; boundary=x"
            assert client.post(town.address(route), b"--x\r\n" + raw, content_type=multipart).status_code < 500


# What an attack found.
KNOWN = [
    ("post", "/zone/?next=foo", {"zone": "UTC"}),
    ("get", "/admin/main/referralcode/add/?expires_at=2027-01-01", {}),
    ("get", "/admin/main/referralcode/?expires_at__year=2147483648", {}),
    ("get", "/admin/main/referralcode/?expires_at__year=9999", {}),
    ("get", "/admin/main/referralcode/?expires_at__month=0", {}),
    ("get", "/admin/main/referralcode/?expires_at__year=2026&expires_at__day=31", {}),
    ("get", "/admin/main/expirationrun/?started_at__year=2147483648", {}),
    ("get", "/admin/auth/user/?username__regex=(", {}),
    ("post", "/admin/auth/group/", {"action": "delete_selected", "_selected_action": "x"}),
]


@pytest.mark.parametrize(("method", "address", "fields"), KNOWN)
def test_what_once_failed(town, method, address, fields):
    assert getattr(town.client("superuser"), method)(address, fields or None).status_code in (200, 302, 400)
