"""What stops an import, in words: whether the codes are in, and why."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import Error, IntegrityError, connection
from django.utils.translation import gettext as _

from main.codes.text import visible
from main.importing import report
from main.models import CodeImport
from main.sweep.databases import driver_errors, kind
from main.sweep.errors import Refused, advice, explain


class NotImported(Exception):
    """The import stopped. The message says whether the codes are in, and why.

    `public` says the same without the words of the database, for people who do not operate it.
    """

    def __init__(self, message: str, public: str = "") -> None:
        super().__init__(message)
        self.public = public or message


class AlreadyImported(NotImported):
    """The same file is in the ledger: it is the import `entry`."""

    def __init__(self, entry: CodeImport) -> None:
        super().__init__(visible(report.imported_before(entry)))
        self.entry = entry


class Overtaken(NotImported):
    """Somebody added one of the codes, or deleted one of the agents, after the check. Nothing is in."""


@contextmanager
def truth(entry: CodeImport) -> Iterator[None]:
    """Whatever stops the import `entry` in this block, raise NotImported instead."""
    try:
        kind()
        yield
    except IntegrityError as error:
        raise Overtaken(
            _("Nothing was imported: meanwhile somebody added one of these codes or deleted one of these agents.")
        ) from error
    except Refused as failure:
        raise NotImported(f"{_what_is_in(entry)} {failure}") from failure
    except (Error, driver_errors()) as failure:
        what_is_in = _what_is_in(entry)
        raise NotImported(f"{what_is_in} {explain(failure)}", f"{what_is_in} {_(advice(failure))}") from failure
    except KeyboardInterrupt as error:
        raise NotImported(f"{_what_is_in(entry)} {_('It was interrupted.')}") from error


def refuse_second_time(sha256: str) -> None:
    """Raise AlreadyImported if the codes of the file with this hash are in, and were not taken out since."""
    if before := CodeImport.objects.filter(sha256=sha256, undone_at=None).first():
        raise AlreadyImported(before)


def _what_is_in(entry: CodeImport) -> str:
    """Ask the ledger, as the codes are written with their entry."""
    if entry.pk is None:
        return _("Nothing was imported.")
    try:
        if not connection.in_atomic_block:
            connection.close()  # what was interrupted cannot be asked anything
        known = CodeImport.objects.filter(pk=entry.pk, imported_at=entry.imported_at).exists()
    except Error:
        return _("It is not known whether the codes were imported: run the command again, which says so.")
    if known:
        return _("All is imported: this is import %(number)d.") % {"number": entry.pk}
    return _("Nothing was imported.")
