"""What looks the same is the same code: for the one who types it, and for every way of creating one."""

import hashlib
import time
import unicodedata

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.models import CharField, Value
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from main.codes.lookalikes import CAPITALS, LOOK_ALIKES, LookupKey, lookup_key
from main.codes.text import DASHES, INVISIBLE, clean_code, validate_code, validate_one_line
from main.forms import ReferralCodeForm
from main.models import ReferralCode, UserProfile
from tests.conftest import make_code
from tests.test_query_counts import plan

GREEK = "ΜΑΡΙΑ-15"  # of a Greek keyboard, but for the digits and the dash
CYRILLIC = "МАRІА-15"
CODES = st.text(st.sampled_from("AZaz09-_ " + "".join(LOOK_ALIKES) + "".join(CAPITALS) + "ÉЁΆÑЖЙΩ山ا"), max_size=64)


def key_in_database(code):
    text = Value(code, output_field=CharField())
    compiler = ReferralCode.objects.all().query.get_compiler(connection=connection)
    sql, params = compiler.compile(LookupKey(text).resolve_expression(compiler.query))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {sql}", params)
        return cursor.fetchone()[0]


@pytest.mark.parametrize(
    "typed",
    [
        "MARIA-15", "maria-15", "ΜΑRΙΑ-15", CYRILLIC, CYRILLIC.lower(), "ＭＡＲＩＡ－１５", "ｍａｒｉａ－１５",
        " MARIA-15\n", "MARIA -\u00a015", "MARIA\u2212\u200a15", "M\u3000ARIA-15", "𝐌𝐀𝐑𝐈𝐀-15",
        *(f"MARIA{dash}15" for dash in DASHES),
    ],
)  # fmt: skip
def test_a_code_is_found_however_it_is_typed(db, typed):
    code = make_code("MARIA-15")
    assert ReferralCode.objects.with_code(typed).get() == code


def test_a_code_of_another_alphabet_is_found_on_a_latin_keyboard(db):
    code = make_code("ΤΙΜΗ-20")
    assert ReferralCode.objects.with_code("timh-20").get() == code
    assert code.code == "ΤΙΜΗ-20"


@pytest.mark.parametrize("typed", ["MARIA15", "MARIA_15", "MARI-15", "MARÍA-15", "MAЯIA-15", "MARIA-l5", "MARIA~15"])
def test_what_looks_different_is_another_code(db, typed):
    make_code("MARIA-15")
    assert not ReferralCode.objects.with_code(typed).exists()


@pytest.mark.parametrize("letters", CAPITALS)
def test_letters_that_look_alike_are_one_in_capitals_and_in_small(letters):
    assert {lookup_key(f"X{letter}X") for letter in letters + letters.lower()} == {f"X{letters[0]}X"}


def test_accents_do_not_set_twins_apart():
    # Cyrillic, Greek and Latin, in one character and in two.
    assert len({lookup_key(code) for code in ["Ё", "Е\u0308", "Ë", "E\u0308", "ё", "ë"]}) == 1
    assert len({lookup_key(code) for code in ["Ά", "Á", "Α\u0301", "А\u0301"]}) == 1


def test_the_table_has_every_dash_that_looks_like_one():
    looks_different = set("⸗゠〜〰︱︲") | {"\u2e1a"}
    dashes = {chr(place) for place in range(0x11000) if unicodedata.category(chr(place)) == "Pd"}
    assert dashes - {"-"} - looks_different <= set(DASHES)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(code=CODES)
@example(("".join(LOOK_ALIKES)[64:] * 2)[:64])
@example("Johns 20")
def test_python_and_the_database_make_the_same_key(db, code):
    try:
        validate_code(code)
    except ValidationError:
        return  # such a code is not stored
    assert key_in_database(code) == lookup_key(code)


@pytest.mark.parametrize("look_alike", [*list(LOOK_ALIKES)[1:]])
def test_each_look_alike_has_the_same_key_in_the_database(db, look_alike):
    assert key_in_database(f"x {look_alike}x") == f"X{LOOK_ALIKES[look_alike]}X"


def test_the_table_is_the_one_of_the_migration():
    """What the databases have computed stays. Another table needs a migration that makes the column anew."""
    table = hashlib.sha256(repr(LOOK_ALIKES).encode()).hexdigest()
    assert table[:16] == "8e388c958c6fe6ae"


@pytest.mark.parametrize("twin", ["maria-15", CYRILLIC, "MARIA\u201315", "MARIA - 15"])
def test_no_twin_is_created_by_form_or_model_or_sql(db, john, twin, import_codes):
    make_code("MARIA-15", agent=john)
    other = make_code("OTHER")
    form = ReferralCodeForm({"code": twin, "discount": "1"}, instance=ReferralCode(agent=john))
    assert form.errors["code"] == ["The code MARIA-15 exists already."]
    with pytest.raises(ValidationError, match="This code already exists."):
        ReferralCode(code=twin).full_clean()
    insert = (
        "INSERT INTO main_referralcode (code, discount, status, created_at, updated_at) "
        "VALUES (%s, 0, 'active', '2026-01-01', '2026-01-01')"
    )
    for create in [
        lambda: ReferralCode.objects.create(code=twin),
        lambda: ReferralCode.objects.bulk_create([ReferralCode(code=twin)]),
        lambda: ReferralCode.objects.filter(pk=other.pk).update(code=twin),
        lambda: connection.cursor().execute(insert, [twin]),
    ]:
        with pytest.raises(IntegrityError), transaction.atomic():
            create()
    refused = import_codes(f"code,agent,discount,expires_at,status\n{twin},,,,\n")
    assert "it exists already, and nothing is overwritten" in refused.out + refused.refused + refused.error
    assert ReferralCode.objects.count() == 2


def test_two_rows_of_one_file_are_twins_too(db, import_codes):
    refused = import_codes(f"code\nMARIA-15\n{CYRILLIC}\n")
    assert "line 2 has the same" in refused.out + refused.refused + refused.error
    assert not ReferralCode.objects.exists()


def test_the_lookup_is_one_index(db):
    make_code("MARIA-15")
    found = plan(ReferralCode.objects.with_code(CYRILLIC))
    assert "referralcode_code_unique" in found or "INDEX sqlite_autoindex_main_referralcode_1 (lookup_key=?)" in found


@pytest.mark.parametrize("place", [0x034F, 0x115F, 0x1160, 0x180F, 0x2800, 0x3164, 0xFE0F, 0xFFA0, 0xE0041, 0xE01EF])
def test_what_shows_nothing_gets_into_no_code_and_no_name(db, place):
    invisible = chr(place)
    make_code("B-0")
    with pytest.raises(ValidationError):
        ReferralCode.objects.create(code=f"B-0{invisible}")
    with pytest.raises(ValidationError):
        UserProfile(name=f"John{invisible}Smith").clean_fields(exclude=["user"])
    assert not ReferralCode.objects.with_code(f"B-0{invisible}").exists()


def test_the_list_of_what_shows_nothing_is_whole():
    """Printable for Python, default-ignorable for Unicode, and three that fonts draw as nothing."""
    found = {chr(place) for place in range(0x110000) if INVISIBLE.match(chr(place)) and chr(place).isprintable()}
    assert len(found) == 268 + 2  # the 268 of an audit, and two that no keyboard has


@pytest.mark.parametrize("name", ["\u200c", "\u200d\u200c"])
def test_a_name_of_joiners_alone_shows_nothing(name):
    with pytest.raises(ValidationError):
        validate_one_line(name)
    validate_one_line("علی\u200cرضا")


@pytest.mark.parametrize("code", ["SALE\u0301\u0302\u0323X", "1\u0301", "Ⅳ", "𝐀"])
def test_what_has_a_plainer_form_is_not_stored(code):
    with pytest.raises(ValidationError, match="Write plain letters"):
        validate_code(code)


@pytest.mark.parametrize("marks", ["\u0301\u0323", "\u0344", "ﷺ", "A"])
def test_a_long_text_is_judged_by_its_length_first(db, marks):
    text = "A" + marks * 1_000_000
    began = time.process_time()
    assert clean_code(text) == text
    assert not ReferralCode.objects.with_code(text).exists()
    form = ReferralCodeForm({"code": text, "discount": "1"})
    assert any("at most 64 characters" in error for error in form.errors["code"])
    with pytest.raises(ValidationError, match="at most 64 characters"):
        ReferralCode.objects.create(code=text)
    with pytest.raises(ValidationError):
        UserProfile(name=text).clean_fields(exclude=["user"])
    # Seconds of work, whatever else the machine does; to normalize half as much takes minutes.
    assert time.process_time() - began < 20


@pytest.fixture
def before_the_key(transactional_db):
    """The database as it was before codes had a lookup key; afterwards it is as it is now."""
    executor = MigrationExecutor(connection)
    yield executor.migrate([("main", "0001_initial")]).apps.get_model("main", "ReferralCode")
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def test_twins_of_before_are_named_and_nothing_is_touched(before_the_key):
    for code in ["PLAIN", "MARIA-15", CYRILLIC, "A\u20131", "A 1", "A-1"]:
        before_the_key.objects.create(code=code)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE main_referralcode SET code = %s WHERE code = 'PLAIN'", ["B-0\ufe0f"])
    executor = MigrationExecutor(connection)
    with pytest.raises(CommandError) as refused:
        executor.migrate(executor.loader.graph.leaf_nodes())
    assert str(refused.value) == (
        f"Nothing was changed. Codes that look the same become one code. Rename or delete one of each: "
        f"MARIA-15 and {CYRILLIC}; A-1 and A\u20131. "
        "Codes that nobody could type. Rename or delete them: B-0\ufe0f (A code is one line of printable "
        "characters, without spaces around it.)."
    )
    assert before_the_key.objects.count() == 6
    before_the_key.objects.exclude(code__in=["MARIA-15", "A 1"]).delete()
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())
    assert [code.code for code in ReferralCode.objects.with_code("a1", CYRILLIC).order_by("code")] == [
        "A 1",
        "MARIA-15",
    ]
