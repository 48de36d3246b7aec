"""The text that the system proposes for a new code, and the creation of one by two people at once."""

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from decimal import Decimal
from threading import Barrier

import pytest
from django.db import IntegrityError, connection

from main.codes import proposing
from main.codes.creating import create_code
from main.codes.text import validate_code
from main.models import ReferralCode
from tests.conftest import NOW, make_code
from tests.patience import PATIENCE

pytestmark = pytest.mark.django_db

A_LETTER_AND_A_DIGIT_MORE = re.compile("JOHN-20[A-HJKMNP-Z][2-9]")


@pytest.mark.parametrize(
    ("name", "discount", "code"),
    [
        ("John Smith", 20, "JOHN-20"),
        ("Johnson", 20, "JOHNS-20"),
        ("Maria Garcia", Decimal("15.00"), "MARIA-15"),
        ("  alex  johnson ", 10.0, "ALEX-10"),
        ("Ana", Decimal("12.50"), "ANA-12.5"),
        ("Zoë Müller", 0, "ZOE-0"),
        ("Νίκος Παππάς", 100, "ΝΙΚΟΣ-100"),
        ("Сергей Петров", 5, "СЕРГЕ-5"),
        ("Йордан Петров", 5, "ЙОРДА-5"),
        ("D'Arcy-Jones", 5, "DARCY-5"),
        ("Straße", 5, "STRAS-5"),
        ("007 Bond", 7, "CODE-7"),
        ("", 7, "CODE-7"),
    ],
)
def test_five_letters_of_the_first_name_and_the_discount(name, discount, code):
    assert ReferralCode.generate_unique_code(name, discount) == code
    validate_code(code)


def test_a_text_that_is_taken_gets_a_letter_and_a_digit_more_that_look_like_no_other():
    make_code("john-20")
    proposed = {ReferralCode.generate_unique_code("John Smith", 20) for _ in range(30)}
    assert all(map(A_LETTER_AND_A_DIGIT_MORE.fullmatch, proposed))
    assert len(proposed) > 1


def test_a_text_that_looks_like_a_stored_code_is_taken():
    make_code("МАRIA-15")  # its first two letters are Cyrillic
    assert re.fullmatch("MARIA-15[A-HJKMNP-Z][2-9]", ReferralCode.generate_unique_code("Maria", 15))


def test_where_all_of_these_are_taken_two_of_each():
    texts = proposing.proposals("John Smith", 20)
    for code in [*next(texts), *next(texts)]:
        make_code(code)
    assert re.fullmatch("JOHN-20([A-HJKMNP-Z][2-9]){2}", ReferralCode.generate_unique_code("John Smith", 20))


def test_a_proposal_costs_one_query_or_two(django_assert_num_queries):
    with django_assert_num_queries(1):
        ReferralCode.generate_unique_code("John Smith", 20)
    make_code("JOHN-20")
    with django_assert_num_queries(2):
        ReferralCode.generate_unique_code("John Smith", 20)


def test_a_created_code_is_stored_with_what_was_given(john):
    code = create_code(john, 20, expires_at=NOW)
    assert (code.code, code.agent, code.discount, code.expires_at) == ("JOHN-20", john, 20, NOW)
    assert create_code(None, 5).code == "CODE-5"


def test_who_comes_second_gets_the_next_text(john, monkeypatch):
    """Somebody else stores the code between our look and our insert."""
    look = ReferralCode.generate_unique_code

    def look_too_early(name, discount):
        text = look(name, discount)
        if text == "JOHN-20":
            make_code(text)
        return text

    monkeypatch.setattr(ReferralCode, "generate_unique_code", staticmethod(look_too_early))
    assert A_LETTER_AND_A_DIGIT_MORE.fullmatch(create_code(john, 20).code)
    assert ReferralCode.objects.count() == 2


def test_what_the_database_refuses_for_another_reason_is_raised(john):
    with pytest.raises(IntegrityError):
        create_code(john, 120)
    assert not ReferralCode.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_eight_who_create_at_once_get_eight_codes(john):
    if connection.vendor != "postgresql":
        pytest.skip("threads that write at once need a server: set DATABASE_URL")
    together = Barrier(8)

    def create(number):
        together.wait(PATIENCE)
        with closing(connection):
            return create_code(john, 20).code

    with ThreadPoolExecutor(8) as threads:
        codes = sorted(threads.map(create, range(8)))
    assert codes[0] == "JOHN-20"
    assert all(map(A_LETTER_AND_A_DIGIT_MORE.fullmatch, codes[1:]))
    assert len(set(codes)) == 8
