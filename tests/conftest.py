import pytest


@pytest.fixture(autouse=True)
def _frozen_clocks_may_differ(settings):
    """Tests freeze this process's clock far from the database server's; those of the guard set it themselves."""
    settings.EXPIRATION_CLOCK_TOLERANCE = float("inf")
