"""The differences between PostgreSQL and SQLite.

Two other modules ask which of them they work with: `triggers`, whose text is made for each of them, and `writable`,
which is about the files of SQLite and lies below this one.
"""

import csv
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, NoReturn, TextIO

import django.db
from django.core.checks import CheckMessage, Error, register
from django.db import connection, connections, transaction
from django.db.models import QuerySet, TextField
from django.db.models.expressions import Combinable, RawSQL
from django.db.models.functions import Now
from django.db.models.query import ModelIterable
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from main import conf
from main.codes.parts import parts
from main.sweep.errors import WrongClock, WrongDatabase

LOCK_WAIT = timedelta(seconds=5)
STAGED_AT_ONCE = 2000  # rows; SQLite keeps all that a savepoint changed in memory
STREAMED_AT_ONCE = 1000  # rows
OLDEST_SQLITE = (3, 35)  # the first with UPDATE … RETURNING


class Way(NamedTuple):
    """The SQL for one kind of database, and the sizes that suit it (docs/performance.md has the numbers)."""

    batch_size: int  # codes in one transaction
    connections: int  # that expire batches at once
    ids: str  # the ids of several rows as one text
    on_page: str  # SQL: whether the id of a row is in such a text
    place: str  # SQL: where a row is stored
    chosen: str  # SQL: whether a row is in the result of a query
    date: str  # SQL: a date in the form that `read_date` reads
    only_read: str  # SQL: whether the database only lets itself be read, such as a standby
    temporary: str  # the schema of this connection's own tables
    stages_first: bool  # whether such a table can be filled before the transaction that reads it


WAYS = {
    "postgresql": Way(
        batch_size=1000,
        connections=2,
        ids="{{{}}}",
        on_page="main_referralcode.id = ANY (%s::bigint[])",
        place="ctid",
        chosen="id = ANY (ARRAY({}))",  # always looks each row up by its id, even if the planner expects many rows
        # Reading microseconds since 1970 is much faster than parsing a text.
        date="(extract(epoch FROM expires_at) * 1000000)::bigint",
        only_read="SELECT current_setting('transaction_read_only') = 'on'",
        temporary="pg_temp",
        stages_first=False,  # behind a pooler, each transaction may have another server connection
    ),
    "sqlite": Way(
        batch_size=2000,
        connections=1,  # SQLite allows one writer at a time
        ids="[{}]",
        on_page="main_referralcode.id IN (SELECT value FROM json_each(%s))",
        place="id",
        chosen="id IN ({})",
        date="expires_at || ''",
        only_read="PRAGMA query_only",
        temporary="temp",
        stages_first=True,  # from the beginning of a transaction on, nobody else can write
    ),
}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def way() -> Way:
    """How to work with the database of the settings. Raises WrongDatabase as `kind` does."""
    return WAYS[kind()]


def kind() -> str:
    """Return "postgresql" or "sqlite". Raises WrongDatabase for any other, and for an SQLite that is too old."""
    if problem := _problem():
        raise WrongDatabase(problem)
    return connection.vendor


def can_only_read() -> bool:
    """Whether the database itself refuses to be written. Raises its error if it cannot be asked."""
    with connection.cursor() as cursor:
        cursor.execute(way().only_read)
        return bool(cursor.fetchone()[0])


def read_date(stored: int | str | None) -> datetime | None:
    """The date that `Way.date` selected, in UTC. None for a text that is not a date; SQLite can hold one."""
    if isinstance(stored, int):
        return EPOCH + timedelta(microseconds=stored)
    try:
        return datetime.fromisoformat(stored or "").replace(tzinfo=UTC)
    except ValueError:
        return None


def stream(rows: QuerySet[Any, Any]) -> Iterator[Any]:
    """The `rows` of a query, one by one: memory stays flat, and the server keeps no cursor.

    On PostgreSQL, nothing else may use the connection before the last row is read: a query raises RuntimeError. In a
    transaction, read to the end: to stop earlier would cancel the query, and so break the transaction.
    """
    if kind() == "sqlite":
        yield from rows.iterator(STREAMED_AT_ONCE)
    elif rows._iterable_class is ModelIterable:
        names = [field.attname for field in rows.model._meta.concrete_fields]
        for values in _streamed(*rows.values_list(*names).query.sql_with_params()):
            yield rows.model.from_db(rows.db, names, values)
    else:
        yield from _streamed(*rows.query.sql_with_params())


def stream_ids_as_stored(rows: QuerySet[Any, Any]) -> Iterator[int]:
    """The ids of `rows`, ordered by the place where they are stored. The same rules as for `stream`."""
    place = RawSQL(f"{rows.model._meta.db_table}.{way().place}", (), output_field=TextField())  # noqa: S611 - our text
    sql, params = rows.values("id", place=place).query.sql_with_params()
    for (pk,) in _streamed(f"SELECT id FROM ({sql}) AS chosen ORDER BY place", params):  # noqa: S608 - our own text
        yield pk


def _streamed(sql: str, params: Any) -> Iterator[tuple[Any, ...]]:
    """The rows of a statement, a part at a time, while the statement runs."""
    with connection.cursor() as cursor:
        if kind() == "sqlite":
            cursor.execute(sql, params)
            while part := cursor.fetchmany(STREAMED_AT_ONCE):
                yield from part
            return
        # psycopg's own way to read a result while it arrives. With an older libpq, the rows come one by one.
        size = STREAMED_AT_ONCE if _driver().capabilities.has_stream_chunked() else 1
        with connection.execute_wrapper(_refuse_query), connection.wrap_database_errors:
            yield from cursor.cursor.stream(sql, params, size=size)


def _refuse_query(*args: Any) -> NoReturn:
    raise RuntimeError("A query was sent in the middle of a streamed list: read the list to its end first.")


def database_clock() -> datetime:
    """The present instant by the database server's clock. SQLite runs in this process and uses its clock."""
    if connection.vendor != "postgresql":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now


def clock_fault(now: datetime, server_now: datetime) -> WrongClock | None:
    """Return an error where the clock of this process is further off than `conf.clock_tolerance`."""
    if abs((now - server_now).total_seconds()) <= conf.clock_tolerance():
        return None
    return WrongClock(
        _(
            "The clock of this machine says %(now)s UTC, the database server's %(server_now)s UTC: "
            "correct the wrong one, then try again."
        ),
        now=f"{now:%Y-%m-%d %H:%M:%S}", server_now=f"{server_now:%Y-%m-%d %H:%M:%S}",
    )  # fmt: skip


def now_for_writing() -> datetime:
    """The present instant, for what compares it with a date and writes. Raises WrongClock where it may be wrong."""
    now = timezone.now()
    if fault := clock_fault(now, database_clock()):
        raise fault
    return now


def latest_present(now: datetime, using: str) -> datetime | Combinable:
    """The latest instant that may be the present by the clock of the database `using`, which computes it; where that
    clock is not asked, `now`."""
    tolerance = conf.clock_tolerance()
    if connections[using].vendor != "postgresql" or tolerance == math.inf:
        return now
    return Now() + timedelta(seconds=tolerance)


def same_clock(now: datetime, using: str) -> tuple[str, list[datetime]]:
    """SQL with its parameters: whether `now` is the present by the clock of the database `using`, give or take the
    tolerance."""
    tolerance = conf.clock_tolerance()
    if connections[using].vendor != "postgresql" or tolerance == math.inf:
        return "1 = 1", []
    allowed = timedelta(seconds=tolerance)
    return "clock_timestamp() BETWEEN %s AND %s", [now - allowed, now + allowed]


def shared_lock(using: str) -> str:
    """SQL at the end of a query: its codes are locked, so that nobody can edit them; others can lock them so too."""
    return " FOR SHARE OF main_referralcode" if connections[using].vendor == "postgresql" else ""


def limit_lock_wait() -> None:
    """Wait at most LOCK_WAIT for a lock in this transaction. SQLite uses the timeout of the settings instead."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_WAIT.seconds}s'")


@contextmanager
def limited(lock_wait: timedelta, statement: timedelta) -> Iterator[None]:
    """Limit each statement of this thread, while the block runs: how long it waits for a lock, and how long it takes.

    The limits are set for a transaction, not for the connection, because a pooler may give the connection to another
    client. SQLite uses the timeout of the settings instead.
    """
    limits = (
        f"SET LOCAL lock_timeout = {lock_wait // timedelta(milliseconds=1)};"
        f" SET LOCAL statement_timeout = {statement // timedelta(milliseconds=1)}"
    )

    def execute(run: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        database = context["connection"]
        if database.in_atomic_block:
            _at_the_start(database, limits)
            return run(sql, params, many, context)
        with transaction.atomic(using=database.alias):
            _at_the_start(database, limits)
            return run(sql, params, many, context)

    if connection.vendor != "postgresql":
        yield
        return
    with connection.execute_wrapper(execute):
        yield


def _at_the_start(database: Any, statements: str) -> None:
    """Run `statements` if no transaction has begun yet; on the driver, so that they are not in Django's query log."""
    if database.connection.info.transaction_status.name == "IDLE":
        database.connection.execute(statements)


@contextmanager
def together() -> Iterator[None]:
    """Make one transaction of the statements in the block, as to begin and end one for each takes longer than they do.

    Not on SQLite: there a transaction keeps everybody else from writing, though it only reads.
    """
    if connection.vendor != "postgresql" or connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        yield


@contextmanager
def staged_table(name: str, shape: str, file: TextIO, order: str) -> Iterator[str]:
    """Make a table of this connection alone as the query `shape` has it, and fill it with the rows of a CSV file.

    An empty cell is NULL. SQLite has the rows by the column `order` then: rows that come in the order of an index are
    inserted in a third of the time. Gives the name of the table for SQL, and drops it in the end.
    """
    table = f"{way().temporary}.{name}"
    unsorted = f"{table}_unsorted"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {table}")
        if kind() == "postgresql":
            cursor.execute(f"CREATE TABLE {table} AS {shape} LIMIT 0")
            with cursor.copy(f"COPY {table} FROM STDIN (FORMAT csv)") as copy:
                while block := file.read(2**16):
                    copy.write(block)
        else:
            cursor.execute(f"DROP TABLE IF EXISTS {unsorted}")
            cursor.execute(f"CREATE TABLE {unsorted} AS {shape} LIMIT 0")
            cursor.execute(f"SELECT * FROM {unsorted}")  # noqa: S608 - our own text
            marks = ", ".join(["%s"] * len(cursor.description))
            rows: Any = ([cell or None for cell in row] for row in csv.reader(file))
            for page in parts(rows, STAGED_AT_ONCE):
                # A savepoint begins a transaction, but locks no more than this table.
                cursor.execute("SAVEPOINT staging")
                cursor.executemany(f"INSERT INTO {unsorted} VALUES ({marks})", page)  # noqa: S608 - our own text
                cursor.execute("RELEASE staging")
            cursor.execute(f"CREATE TABLE {table} AS SELECT * FROM {unsorted} ORDER BY {order}")  # noqa: S608 - as above
            cursor.execute(f"DROP TABLE {unsorted}")
    yield table
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {table}")


def driver_errors() -> type[Exception]:
    """The base class of psycopg's or sqlite3's own errors. Django wraps nearly all of them, but not all."""
    errors: type[Exception] = _driver().Error
    return errors


def give_sqlite_now(connection: Any, **kwargs: Any) -> None:
    """Add NOW() to SQLite, in the format in which Django stores instants there, so that plain SQL works on both."""
    if connection.vendor == "sqlite":
        connection.connection.create_function("NOW", 0, lambda: f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f}")


@register
def check_database(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report a database that the sweep cannot work with."""
    problem = _problem()
    return [Error(problem, id="main.E004")] if problem else []


def _driver() -> Any:
    return getattr(connection, "Database", django.db)  # a backend without a driver has no `Database`


def _problem() -> str:
    if connection.vendor not in WAYS:
        return f"Referral codes need PostgreSQL or SQLite; the settings name {connection.display_name}."
    if connection.vendor == "sqlite" and _driver().sqlite_version_info < OLDEST_SQLITE:
        return f"Referral codes need SQLite 3.35 or later; this Python has {_driver().sqlite_version}."
    return ""
