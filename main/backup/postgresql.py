"""Backup and restore of PostgreSQL, with its own programs. They do not read `.env`, so they are given the settings."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from django.db import connection, transaction
from psycopg.conninfo import make_conninfo
from psycopg.pq import Conninfo

from main.backup.contents import CODES, RUNS, BackupFailed, Contents
from main.sweep.triggers import REMOVE


def dump(file: Path) -> Contents:
    """Write the database as of one instant to `file`, in pg_dump's custom format. Return what it held at that instant.

    Raises BackupFailed, and DatabaseError if a query fails.
    """
    # The count and the dump use one snapshot, so that they agree even if others write at the same time.
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute(f"SELECT pg_export_snapshot(), (SELECT count(*) FROM {CODES}), (SELECT count(*) FROM {RUNS})")  # noqa: S608 - our own names
        snapshot, codes, runs = cursor.fetchone()
        with TemporaryFile() as errors:
            command = _command("pg_dump", "--format=custom", f"--snapshot={snapshot}", f"--file={file}")
            done = subprocess.run([*command, _database()], stderr=errors, env=_environment(), check=False)  # noqa: S603 - our own arguments
            if done.returncode:
                raise BackupFailed(f"pg_dump failed: {_last_line(errors)}")
    return Contents(codes, runs)


def contents(file: Path) -> Contents:
    """Read the whole `file` and count its rows. Raises BackupFailed if pg_dump did not finish it."""
    rows = {CODES: 0, RUNS: 0}
    table = ""
    with _script(file, "--data-only", f"--table={CODES}", f"--table={RUNS}") as lines:
        for line in lines:
            if line.startswith(b"COPY public."):
                table = line.split()[1].removeprefix(b"public.").decode()
            elif line == b"\\.\n":
                table = ""
            elif table:
                rows[table] += 1
    return Contents(rows[CODES], rows[RUNS])


def load(file: Path) -> None:
    """Replace this project's tables by the contents of `file`: completely, or not at all if it fails.

    Raises BackupFailed.
    """
    tables = {*connection.introspection.django_table_names(include_views=False), "django_migrations"}
    names = ", ".join(map(connection.ops.quote_name, sorted(tables)))
    connection.close()  # so that it holds no lock for which psql would wait
    with TemporaryFile() as errors:
        command = _command("psql", "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", _database())
        with subprocess.Popen(  # noqa: S603 - our own arguments
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=errors, env=_environment()
        ) as psql:
            assert psql.stdin  # noqa: S101 - a pipe, as asked for
            with suppress(BrokenPipeError):  # psql stopped at an error, which is reported below
                drop = f"DROP TABLE IF EXISTS {names} CASCADE;\n{REMOVE[connection.vendor]};"
                psql.stdin.write(f"BEGIN;\n{drop}\n".encode())
                with _script(file) as script:
                    shutil.copyfileobj(script, psql.stdin)
                psql.stdin.write(b"COMMIT;\n")  # only after the whole script: without it, everything is rolled back
                psql.stdin.close()
        if psql.returncode:
            raise BackupFailed(f"Nothing was changed. psql failed: {_last_line(errors)}")


@contextmanager
def _script(file: Path, *options: str) -> Iterator[IO[bytes]]:
    """The SQL in `file`. Raises BackupFailed at the end of the block if pg_restore could not read all of it."""
    command = _command("pg_restore", "--no-owner", "--no-privileges", *options, "--file=-", str(file))
    with TemporaryFile() as errors:
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors) as pg_restore:  # noqa: S603 - our own arguments
            assert pg_restore.stdout  # noqa: S101 - a pipe, as asked for
            yield pg_restore.stdout
        if pg_restore.returncode:
            raise BackupFailed(f"{file} is not a whole backup of a PostgreSQL database: {_last_line(errors)}")


def _command(program: str, *options: str) -> list[str]:
    path = shutil.which(program)
    if not path:
        raise BackupFailed(f"{program} is not installed: install PostgreSQL's client programs.")
    return [path, *options]


def _database() -> str:
    """The connection for libpq. Without the password, because other users of the machine can read the command line."""
    known = {option.keyword.decode() for option in Conninfo.get_defaults()} - {"password"}
    params = connection.get_connection_params()
    return make_conninfo(**{name: value for name, value in params.items() if name in known and value is not None})


def _environment() -> dict[str, str]:
    password = connection.settings_dict["PASSWORD"]
    return os.environ | ({"PGPASSWORD": password} if password else {})


def _last_line(errors: IO[bytes]) -> str:
    errors.seek(0)
    lines = errors.read().decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it gave no reason."
