from tests.access.conftest import town

__all__ = ["town"]
