"""Which parameters a page reads, seen while it answers."""

from contextlib import contextmanager

from django.http import QueryDict


@contextmanager
def listening(monkeypatch):
    """The names that are asked of any query or form while the block runs."""
    names = set()
    with monkeypatch.context() as patch:
        for method in ("__getitem__", "__contains__", "get", "getlist"):
            usual = getattr(QueryDict, method)

            def heard(self, name, *args, usual=usual, **kwargs):
                names.add(str(name))
                return usual(self, name, *args, **kwargs)

            patch.setattr(QueryDict, method, heard)
        yield names
