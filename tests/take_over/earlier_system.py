"""Makes a database with the tables of the earlier system, the same each time, with everything that is odd in them:

python -m tests.take_over.earlier_system sqlite:///old.sqlite3
python -m tests.take_over.earlier_system postgres://postgres@127.0.0.1:5432/old
"""

import sqlite3
import sys
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, NamedTuple

import psycopg

AGENTS, CODES, BOOKINGS = 40, 3000, 500
NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)

TABLES = """
CREATE TABLE main_userprofile (
    id {serial} PRIMARY KEY, user_id bigint, created_at {instant} NOT NULL, name varchar(255), email varchar(254),
    phone varchar(50), role varchar(255) NOT NULL, status varchar(255) NOT NULL
);
CREATE TABLE main_referralcode (
    id {serial} PRIMARY KEY, code varchar(255) NOT NULL UNIQUE, agent_id bigint REFERENCES main_userprofile (id),
    discount decimal(10, 2), expires_at {instant}, status varchar(255) NOT NULL, created_at {instant} NOT NULL
);
CREATE TABLE main_booking (
    id {serial} PRIMARY KEY, referral_code_id bigint, referral_discount_amount decimal(10, 2),
    total_price decimal(10, 2), payment_status varchar(50)
);
"""
TYPES = {
    "postgres": {"serial": "bigint", "instant": "timestamptz"},
    "sqlite": {"serial": "integer", "instant": "datetime"},
}

GREEK = ["Νίκος Παπαδόπουλος", "Μαρία Παππά", "Ελένη Γεωργίου", "Γιώργος Νικολάου"]
# Two of one name with addresses, two of one name without, one of that name again in capitals with an address.
NAMES: list[tuple[str | None, str | None]] = [
    ("John Smith", "john@one.example"), ("John Smith", "john@two.example"),
    ("Ana Horvat", None), ("ana horvat", None), ("ANA HORVAT", "Ana@Horvat.example"),
    (None, "nameless@example.com"), (None, None), ("", ""), ("  ", "blank@example.com"),
    *((name, None) for name in GREEK),
]  # fmt: skip


class World(NamedTuple):
    """The rows of the three tables."""

    agents: list[tuple[Any, ...]]
    codes: list[tuple[Any, ...]]
    bookings: list[tuple[Any, ...]]


def world():
    random = Random(2026)
    names = [
        *NAMES,
        *((f"Agent Number {number}", f"agent{number}@example.com") for number in range(AGENTS - len(NAMES))),
    ]
    agents = [
        (
            100 + number, number + 1, NOW - timedelta(days=900), name, email, None,
            random.choice(["agent", "representative", "provider"]), "inactive" if number % 7 == 3 else "active",
        )
        for number, (name, email) in enumerate(names)
    ]  # fmt: skip
    codes = []
    for number, code in enumerate(_codes(random)):
        end = NOW + timedelta(days=random.randrange(-400, 700))
        codes.append((
            5000 + 3 * number, code, random.choice([*(agent[0] for agent in agents), None]),
            random.choice(["5", "10", "12.50", "15", "20", "100", None] * 20 + ["150"]),
            random.choice([None, end.replace(hour=21, minute=59, second=59), end]),
            random.choice(["active"] * 4 + ["inactive"]),
            NOW - timedelta(days=random.randrange(1, 800), microseconds=random.randrange(10**6)),
        ))  # fmt: skip
    bookings = [
        (number, random.choice([None, *(code[0] for code in codes[:900])]), "5.00", "95.00", "paid")
        for number in range(1, BOOKINGS + 1)
    ]
    return World(agents, codes, bookings)


def _codes(random):
    """Mostly JOHNS-20 and the like; some of 70 letters, some with small letters, some twins of another case."""
    for number in range(CODES):
        first = random.choice(["JOHNS", "MARIA", "ALEX", "ΕΛΕΝΗ", "ΝΙΚΟΣ", "SUMMER"])
        code = f"{first}-{number}"
        if number % 100 == 7:
            code = f"{code}-{'X' * 70}"[:70]
        elif number % 25 == 3:
            code = code.lower()
        elif number % 500 == 499:
            code = f"maria twin-{number - 1}"
        elif number % 500 == 498:
            code = f"MARIA TWIN-{number}"
        yield code


def make(url):
    """Make the tables, which must not be there yet, and fill them."""
    made = world()
    scheme = url.partition(":")[0].removesuffix("ql")
    tables = TABLES.format(**TYPES[scheme])
    if scheme == "sqlite":
        connection: Any = sqlite3.connect(url.removeprefix("sqlite:///"))
        connection.executescript(tables)
        mark, adapt = "?", _as_django_stores
    else:
        connection = psycopg.connect(url)
        connection.execute(tables)
        mark, adapt = "%s", lambda value: value
    for table, rows in zip(("main_userprofile", "main_referralcode", "main_booking"), made, strict=True):
        marks = ", ".join([mark] * len(rows[0]))
        adapted = [tuple(map(adapt, row)) for row in rows]
        connection.cursor().executemany(f"INSERT INTO {table} VALUES ({marks})", adapted)
    connection.commit()
    connection.close()
    return made


def _as_django_stores(value):
    """In SQLite: an instant in UTC, without saying so."""
    return str(value.astimezone(UTC).replace(tzinfo=None)) if isinstance(value, datetime) else value


if __name__ == "__main__":
    make(sys.argv[1])
