"""Codes and agents are found by words in any order; accents and capitals do not matter. The same on every database."""

import importlib
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import F, Value
from django.db.models.functions import Concat
from hypothesis import given
from hypothesis import strategies as st

from main.codes.folding import folded, same_name
from main.codes.searching import with_words
from main.models import ReferralCode, UserProfile
from tests.conftest import NOW, make_agent, make_code

pytestmark = pytest.mark.django_db


def found(text):
    return sorted(with_words(ReferralCode.objects.all(), text).values_list("code", flat=True))


@pytest.fixture
def _codes():
    for number, name in enumerate(
        ["Siobhán O'Brien", "Νίκος Παππάς", "John Smith", "ИВАН Сергеевич", "Łukasz Straße", "50% Off_Shop"]
    ):
        make_code(f"CODE-{number}", agent=make_agent(f"person{number} x"))
        UserProfile.objects.filter(user__username=f"person{number}").update(name=name)
    make_code("ΚΑΦΈΣ-10")
    make_code("SUMMER SALE")


@pytest.mark.usefixtures("_codes")
@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("siobhan", ["CODE-0"]),
        ("SIOBHÁN", ["CODE-0"]),
        ("siobha\u0301n", ["CODE-0"]),
        ("παππας", ["CODE-1"]),
        ("ΠΑΠΠΑΣ νικος", ["CODE-1"]),
        ("Smith John", ["CODE-2"]),
        ("  smi   jo ", ["CODE-2"]),
        ("smith code-2", ["CODE-2"]),
        ("иван", ["CODE-3"]),
        ("сергеевич ИВАН", ["CODE-3"]),
        ("lukasz strasse", ["CODE-4"]),
        ("καφες", ["ΚΑΦΈΣ-10"]),
        ("ΚΑΦΈΣ", ["ΚΑΦΈΣ-10"]),
        ("kaφes", []),  # S and Σ look different
        ("summer sale", ["SUMMER SALE"]),
        ("sale summer", ["SUMMER SALE"]),
        ("code–2", ["CODE-2"]),  # another dash
        ("СОDЕ-2", ["CODE-2"]),  # look-alikes of another alphabet
        ("%", ["CODE-5"]),
        ("_", ["CODE-5"]),
        ("o%n", []),
        ("john garcia", []),
        ("johnsmith", []),
        ("x" * 300, []),
        ("\u200d", []),
        ("", [f"CODE-{number}" for number in range(6)] + ["SUMMER SALE", "ΚΑΦΈΣ-10"]),
    ],
)
def test_what_a_search_finds(text, codes):
    assert found(text) == codes


def test_each_word_may_be_in_the_code_or_in_the_name_of_its_own_agent():
    make_code("SPRING-20", agent=make_agent("John Smith"))
    make_code("AUTUMN-20", agent=make_agent("Maria Garcia"))
    assert found("john 20") == ["SPRING-20"]
    assert found("20 spring smith") == ["SPRING-20"]
    assert found("john autumn") == []


@pytest.mark.parametrize(
    "rename",
    [
        lambda person, name: setattr(person, "name", name) or person.save(),
        lambda person, name: setattr(person, "name", name) or person.save(update_fields=["name"]),
        lambda person, name: UserProfile.objects.filter(pk=person.pk).update(name=name),
        lambda person, name: setattr(person, "name", name) or UserProfile.objects.bulk_update([person], ["name"]),
    ],
    ids=["save", "save of the field", "update", "bulk_update"],
)
def test_a_person_is_found_by_the_new_name_however_it_was_written(rename):
    person = make_agent("Maria Garcia")
    make_code("MARIA-10", agent=person)
    rename(person, "Zoë Müller")
    assert found("zoe muller") == ["MARIA-10"]
    assert found("garcia") == []
    person.refresh_from_db()
    assert person.folded_name == "zoe muller"


def test_an_edit_of_something_else_leaves_the_folded_name():
    person = make_agent("Zoë Müller")
    UserProfile.objects.update(role=UserProfile.Role.CLIENT)
    person.save(update_fields=["role"])
    UserProfile.objects.bulk_update([person], ["role"])
    person.refresh_from_db()
    assert person.folded_name == "zoe muller"


def test_a_name_that_the_database_made_is_found_after_the_next_save():
    person = make_agent("Maria")
    make_code("MARIA-10", agent=person)
    UserProfile.objects.update(name=Concat(F("name"), Value(" Müller")))
    assert found("muller") == []
    UserProfile.objects.get().save()
    assert found("muller") == ["MARIA-10"]


def test_names_from_before_are_folded_by_the_migration():
    make_code("ZOE-10", agent=make_agent("Zoë"))
    UserProfile.objects.update(folded_name="")
    assert found("zoe müller") == []
    migration = importlib.import_module("main.migrations.0007_names_are_found_without_accents")
    migration.fold_names(apps, SimpleNamespace(connection=connection))
    assert found("ZOË") == ["ZOE-10"]


@given(st.text(max_size=40))
def test_what_is_folded_stays_so_and_does_not_depend_on_capitals(text):
    assert folded(folded(text)) == folded(text)
    assert folded(text.casefold()) == folded(text)
    assert folded(f"  {text}\t") == folded(text)


def test_an_import_takes_an_accent_for_another_name():
    assert same_name(" JOSÉ  Smith") == same_name("Jose\u0301 smith") != same_name("Jose Smith")


class TestPagesThatSearch:
    @pytest.fixture(autouse=True)
    def _siobhan(self, clock, staff_signed_in):
        make_code("SIO-10", agent=make_agent("Siobhán O'Brien"), expires_at=NOW)
        make_code("OTHER-10", agent=make_agent("Иван"))

    @pytest.mark.parametrize(("typed", "code"), [("o'brien SIOBHAN", "SIO-10"), ("иван", "OTHER-10")])
    def test_the_list_of_codes(self, client, typed, code):
        shown = client.get("/admin/main/referralcode/", {"q": typed}).context["cl"].result_list
        assert [str(shown_code) for shown_code in shown] == [code]

    @pytest.mark.parametrize(("typed", "name"), [("o'brien SIOBHAN", "Siobhán O'Brien"), ("иван", "Иван")])
    def test_the_list_of_people_and_the_choice_of_an_agent(self, client, typed, name):
        shown = client.get("/admin/main/userprofile/", {"q": typed}).context["cl"].result_list
        assert [str(person) for person in shown] == [name]
        where = {"app_label": "main", "model_name": "referralcode", "field_name": "agent"}
        answer = client.get("/admin/autocomplete/", {"term": typed, **where})
        assert [choice["text"] for choice in answer.json()["results"]] == [name]

    def test_a_person_is_still_found_by_the_user_name(self, client):
        User.objects.filter(username="siobhán").update(username="sob-1970")
        shown = client.get("/admin/main/userprofile/", {"q": "sob-1970"}).context["cl"].result_list
        assert [str(person) for person in shown] == ["Siobhán O'Brien"]
