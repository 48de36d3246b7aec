"""What people, programs and attackers write where a code, a name, a date or a percentage belongs."""

from urllib.parse import quote_from_bytes

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

NASTY = [
    "", " ", "\0", "A\0B", "\ud800", "A\udfff", "\u202eLIVE", "\u200fA", "\ufeffA", "A\u200bB", "\u2028", "A\r\nB",
    "\x1b[31mRED", "ß", "ﬁ", "ı", "İ", "Å", "e\u0301", "😀", "👩\u200d👧", "A" * 10_000, "É" * 65,
    "=1+1", "'; DROP TABLE codes; --", "<script>alert(1)</script>", "{{ 7*7 }}", "%s%n", "../../etc/passwd",
    "None", "nan", "NaN", "Infinity", "-0", "-1", "1e400", "0x10", "1_000", "\u0661\u0662", "9" * 5000, "100.001",
    "0001-01-01", "9999-12-31", "0000-00-00", "2026-02-30", "10000-01-01", "-2026-01-01", "2026-12-31T23:59:60Z",
    "2026-12-31T17:00+99:99", "2026-03-29 03:30", "24:00", "25:61", "23:59:59.9999999", "1,5",
]  # fmt: skip

rubbish = st.sampled_from(NASTY) | st.text(st.characters(exclude_categories=[]), max_size=100)

# Enough to meet each of NASTY now and then; what once failed is kept by Hypothesis and tried first.
patient = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def encoded(fields):
    """As a program that knows nothing of Unicode might send it; the test client would refuse half a surrogate pair."""
    return "&".join(
        f"{name}={quote_from_bytes(value.encode('utf-8', 'surrogatepass'), safe='')}" for name, value in fields.items()
    )
