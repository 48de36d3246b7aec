import pytest

from tests.breakage.conftest import _migrated, fresh_database, world  # noqa: F401 - fixtures

TABLES = ["checkout_redemption", "checkout_endedtry", "checkout_apitoken", "main_referralcode"]


@pytest.fixture
def shop_world(world):  # noqa: F811
    """A database with no codes; what a shop writes is gone afterwards."""

    def clear():
        for table in TABLES:
            world.query(f"DELETE FROM {table}")

    clear()
    yield world
    clear()
