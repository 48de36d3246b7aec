"""SQL that is asked at every checkout: made once from a queryset, as that takes longer than the database's answer."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import connections
from django.db.models import QuerySet

# Stand for a text, an id and an instant while a statement is made. No other parameter is like them.
TEXT, ID, INSTANT = "⌖", -42, datetime(1970, 1, 2, 3, 4, 5, 6, tzinfo=UTC)


class Statement:
    """The SQL of a query, whose parameters TEXT, ID and INSTANT are given anew each time."""

    def __init__(self, query: QuerySet[Any, Any]) -> None:
        self.using = query.db
        self._compiler = query.query.get_compiler(query.db)
        self.sql, self._params = self._compiler.as_sql()
        self._instant = connections[query.db].ops.adapt_datetimefield_value
        self._stands_in = self._instant(INSTANT)
        self._converters = self._compiler.get_converters([expression for expression, *_ in self._compiler.select])

    def first(self, **values: Any) -> Sequence[Any] | None:
        """Execute it, and return the first row as Python's values, or None."""
        with connections[self.using].cursor() as cursor:
            cursor.execute(self.sql, self.params(**values))
            row = cursor.fetchone()
        return next(self._compiler.apply_converters([row], self._converters), row) if row else None

    def params(self, *, text: str | None = None, pk: int | None = None, now: datetime | None = None) -> list[Any]:
        """The parameters, with these values in the places of TEXT, ID and INSTANT."""
        given = {TEXT: text, ID: pk, self._stands_in: now and self._instant(now)}
        return [given.get(param, param) for param in self._params]
