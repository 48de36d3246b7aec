"""The trigger by which the ledger keeps its codes: a run that loses a code to another one still has it in its list.

A trigger sees every way in which `expired_by` can change: a sweep, an undo, a save, an older copy that is saved, and a
statement that somebody writes by hand. A night in which no code changes hands costs one comparison for each code.
"""

from typing import Any

from django.db import connections

from main.models import FormerCode, ReferralCode

NAME = "main_keep_code_of_run"
CODES, FORMER = ReferralCode._meta.db_table, FormerCode._meta.db_table

KEEP = f"""INSERT INTO {FORMER} (run_id, code_id, expired_at, taken_by_id)
    VALUES (OLD.expired_by_id, OLD.id, OLD.expired_at, NEW.expired_by_id) ON CONFLICT DO NOTHING;"""  # noqa: S608 - our own text
BEGINS = f"CREATE TRIGGER {{}} {NAME} AFTER UPDATE OF expired_by_id ON {CODES} FOR EACH ROW WHEN"

INSTALL = {
    "postgresql": f"""
        CREATE OR REPLACE FUNCTION {NAME}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {KEEP} RETURN NULL; END $$;
        DO $$ BEGIN
            IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgname = '{NAME}' AND tgrelid = '{CODES}'::regclass) THEN
                {BEGINS.format("")}
                (OLD.expired_by_id IS NOT NULL AND OLD.expired_by_id IS DISTINCT FROM NEW.expired_by_id)
                EXECUTE FUNCTION {NAME}();
            END IF;
        END $$""",  # noqa: S608 - our own text
    "sqlite": f"""{BEGINS.format("IF NOT EXISTS")}
        OLD.expired_by_id IS NOT NULL AND OLD.expired_by_id IS NOT NEW.expired_by_id BEGIN {KEEP} END""",
}

REMOVE = {
    "postgresql": f"DROP FUNCTION IF EXISTS {NAME} CASCADE",
    "sqlite": f"DROP TRIGGER IF EXISTS {NAME}",
}


def install(using: str, **kwargs: Any) -> None:
    """Make the trigger in the database `using` if it has the tables and lacks the trigger: after each `migrate`.

    Not in a migration alone: when Django changes a table of SQLite, it makes it anew, without its triggers.
    """
    database = connections[using]
    if database.vendor not in INSTALL or FORMER not in database.introspection.table_names():
        return
    with database.cursor() as cursor:
        cursor.execute(INSTALL[database.vendor])


def remove(using: str) -> None:
    """Drop the trigger: before a migration that takes its table away or, on SQLite, changes it."""
    database = connections[using]
    if database.vendor in REMOVE:
        with database.cursor() as cursor:
            cursor.execute(REMOVE[database.vendor])
