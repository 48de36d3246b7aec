import pytest

from tests.access.people import Town


@pytest.fixture
def town(db):
    return Town()
