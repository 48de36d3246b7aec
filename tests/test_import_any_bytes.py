"""Whatever the bytes of the file: `import_codes` adds all of its codes, or says why not, and never half of them."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import binary, composite, integers, lists, sampled_from, text

from main.models import ReferralCode, UserProfile

pytestmark = pytest.mark.django_db

NASTY = [
    *("", "A-1", "a-1", "John Smith", "JOHN  smith", "20", "-1", "NaN", "1e5", "20,5", "9" * 40, "٣"),
    *("2026-12-31", "2026-02-30", "31/12/2026", "0001-01-01", "9999-12-31T23:59-14:00", "2026-12-31T25:00Z"),
    *("active", "maybe", "\u202e", "\u200b", "\ud7ff", "\U0010ffff", "\x1b[2J", '"', '""', "\n", "\r", "X" * 200),
]
SOME = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@composite
def files(draw):
    """A file that is nearly a good one: nasty cells, cells too many or too few, quotes anywhere, bytes changed."""
    delimiter = draw(sampled_from(",;\t"))
    cells = sampled_from(NASTY) | text(max_size=8)
    rows = [["code", "agent", "discount", "expires_at", "status"]]
    rows += draw(lists(lists(cells, min_size=4, max_size=6), max_size=6))
    quote = draw(sampled_from(["", '"']))
    content = draw(sampled_from(["\n", "\r\n", "\r"])).join(
        delimiter.join(quote + c + quote for c in row) for row in rows
    )
    data = bytearray(content.encode("utf-8", "surrogatepass"))
    for _ in range(draw(integers(0, 2))):
        data[draw(integers(0, len(data) - 1))] = draw(integers(0, 255))
    return bytes(data)


def assert_all_or_nothing(result):
    count = ReferralCode.objects.count()
    if result.error:
        assert (count, result.exit_code, result.out.startswith("Imported")) == (0, 1, False)
        assert UserProfile.objects.count() == 0
        assert result.error.startswith(("codes.csv: ", "Nothing was imported: "))
    else:
        assert re.search(rf"(?m)^Imported {count} codes?\b", result.out)
    printed = result.error + result.refused + result.out
    assert all(line.isprintable() for line in printed.split("\n"))
    ReferralCode.objects.all().delete()
    UserProfile.objects.all().delete()


@given(content=binary(max_size=200))
@SOME
def test_of_arbitrary_bytes_it_makes_all_or_nothing(import_codes, content):
    assert_all_or_nothing(import_codes(content, "--create-agents"))


@given(content=binary(max_size=60))
@SOME
def test_of_arbitrary_bytes_below_a_good_header_it_makes_all_or_nothing(import_codes, content):
    assert_all_or_nothing(import_codes(b"code,agent\n" + content, "--create-agents"))


@given(content=files())
@SOME
def test_of_a_file_that_is_nearly_good_it_makes_all_or_nothing(import_codes, content):
    dry_run = import_codes(content, "--create-agents", "--dry-run")
    assert not ReferralCode.objects.exists()
    real_run = import_codes(content, "--create-agents")
    assert bool(dry_run.error) == bool(real_run.error)
    assert_all_or_nothing(real_run)
