import pytest

from tests.access.people import Town


@pytest.fixture
def town(db, settings):
    settings.SHARE_URL = "https://shop.example/?code={code}"
    return Town()
