"""Names as they are looked for: capitals and spaces never matter, and for a search accents do not either."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from unicodedata import combining, normalize

from django.db import models
from django.db.models.lookups import Contains

# The field is generic in the type stubs, but not at run time.
if TYPE_CHECKING:
    TextField = models.TextField[str, str]
else:
    TextField = models.TextField

Row = TypeVar("Row", bound=models.Model)

# Letters that people type without their stroke, or as two. Unicode does not take them apart.
TYPED_AS = {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"}  # noqa: RUF001
TYPED = str.maketrans(TYPED_AS)


# Nobody has a longer name. Normalizing a text of 100,000 accents takes 25 seconds.
LONGEST_WRITTEN = 1_000


def normalized(form: Literal["NFC", "NFD", "NFKD"], text: str) -> str:
    """Return `text` in this form of Unicode, or unchanged where it is longer than any name."""
    return text if len(text) > LONGEST_WRITTEN else normalize(form, text)


def tidy_name(name: str) -> str:
    """Return `name` with single spaces, and each letter with its accents as one character (NFC)."""
    return normalized("NFC", " ".join(name.split()))


def same_name(name: str) -> str:
    """Return what all spellings of one name have in common. An accent makes another name: Й is not И."""
    return tidy_name(name).casefold()


def folded(text: str) -> str:
    """Return what is searched for `text`: "siobhan" for Siobhán, "παππασ" for Παππάς, "иван" for ИВАН."""
    letters = normalized("NFKD", normalized("NFKD", text).casefold()).translate(TYPED)
    return " ".join(without_marks(letters).split())


def without_marks(text: str) -> str:
    """Return `text` without the accents and other marks of its letters."""
    if text.isascii():
        return text
    return "".join(char for char in normalized("NFD", text) if not combining(char))


class FoldedField(TextField):
    """The folded text of the field `of`, in the same row: for a search, with `icontains`, of any spelling.

    It is written together with that field by `save`, `create` and `bulk_create`, and by the other writing methods of a
    `FoldingQuerySet`. A row that was written in another way is found again after it has been saved once.
    """

    def __init__(self, *, of: str, **options: Any) -> None:
        self.of = of
        super().__init__(editable=False, default="", db_default="", **options)

    def deconstruct(self) -> Any:
        name, path, args, options = super().deconstruct()
        for fixed in ("editable", "default", "db_default"):
            options.pop(fixed)
        return name, path, args, {**options, "of": self.of}

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        setattr(model_instance, self.attname, folded(getattr(model_instance, self.of)))
        return super().pre_save(model_instance, add)


@FoldedField.register_lookup
class FoldedContains(Contains):
    """Django's admin searches with `icontains`."""

    lookup_name = "icontains"

    def get_prep_lookup(self) -> Any:
        return folded(self.rhs) if isinstance(self.rhs, str) else super().get_prep_lookup()


class FoldingQuerySet(models.QuerySet[Row]):
    """Writes the `FoldedField`s of its model together with the fields of which they are made."""

    def update(self, **values: Any) -> int:
        for field in self._folded_of(values):
            if isinstance(values[field.of], str):
                values[field.attname] = folded(values[field.of])
        return super().update(**values)

    update.alters_data = True  # type: ignore[attr-defined]

    def bulk_update(self, objs: Iterable[Row], fields: Iterable[str], batch_size: int | None = None) -> int:
        objs, names = list(objs), list(fields)
        for field in self._folded_of(names):
            for obj in objs:
                field.pre_save(obj, add=False)
            names.append(field.attname)
        return super().bulk_update(objs, names, batch_size)

    bulk_update.alters_data = True  # type: ignore[attr-defined]

    def _folded_of(self, names: Iterable[str]) -> list[FoldedField]:
        """The folded fields of which `names` has the origin, but not the field itself."""
        fields = [field for field in self.model._meta.concrete_fields if isinstance(field, FoldedField)]
        return [field for field in fields if field.of in names and field.attname not in names]
