import pytest
from django.db import transaction

from tests.access.people import Town


@pytest.fixture(scope="module")
def town_of_module(django_db_setup, django_db_blocker):
    """Made once for all tests of a module, because each asks for a page or two, and to make it takes longer."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield Town()
        transaction.set_rollback(True)


@pytest.fixture
def town(town_of_module, settings):
    """As it was before the last test."""
    settings.SHARE_URL = "https://shop.example/?code={code}"
    with transaction.atomic():
        yield town_of_module
        transaction.set_rollback(True)
