from tests.access.conftest import town, town_of_module

__all__ = ["town", "town_of_module"]
