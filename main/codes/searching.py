"""Finds codes by words of the code or of the agent's name, in any order. Accents and capitals do not matter."""

from __future__ import annotations

from functools import cache
from typing import Any
from unicodedata import combining

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import CharField, F, Func, Q
from django.db.models.lookups import Contains
from django.db.models.sql.compiler import SQLCompiler

from main.codes.folding import folded, without_marks
from main.codes.lookalikes import lookup_key
from main.codes.text import LONGEST_WRITTEN
from main.models import ReferralCodeQuerySet, UserProfile


def with_words(codes: ReferralCodeQuerySet, text: str) -> ReferralCodeQuerySet:
    """Return those `codes` that have each word of `text` in the code or in the agent's name; all, if there is none.

    A text that is longer than any code and name finds nothing.
    """
    if len(text) > LONGEST_WRITTEN:
        return codes.none()
    for word in filter(folded, dict.fromkeys(text.split())):
        # A subquery, not a join: agents are few, and the database looks for them once.
        of_agents = Q(agent__in=UserProfile.objects.filter(folded_name__icontains=word))
        key = without_marks(lookup_key(word))
        codes = codes.filter(of_agents | Q(Contains(WithoutMarks(F("lookup_key")), key)) if key else of_agents)
    return codes


class WithoutMarks(Func):
    """A stored key without accents. Nearly all keys are ASCII and have none."""

    arity = 1
    output_field = CharField()

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Any:
        plain = "translate(normalize({key}, NFD), '{marks}', '')"
        template = f"CASE WHEN octet_length({{key}}) = length({{key}}) THEN {{key}} ELSE {plain} END"
        return self._filled(template, compiler)

    def as_sqlite(self, compiler: SQLCompiler, connection: Any, **context: Any) -> Any:
        connection.ensure_connection()
        connection.connection.create_function("without_marks", 1, without_marks, deterministic=True)
        template = "CASE WHEN length(CAST({key} AS BLOB)) = length({key}) THEN {key} ELSE without_marks({key}) END"
        return self._filled(template, compiler)

    def _filled(self, template: str, compiler: SQLCompiler) -> tuple[str, list[Any]]:
        key, params = compiler.compile(self.source_expressions[0])
        return template.format(key=key, marks=_marks()), [*params] * template.count("{key}")


@cache
def _marks() -> str:
    """All marks that may stand above, in or below a letter, outside of historic scripts."""
    return "".join(char for char in map(chr, range(0x300, 0xFFFF)) if combining(char))
