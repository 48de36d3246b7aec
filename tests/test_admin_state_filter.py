"""Every code is in the one state filter that it displays, and in no other."""

from datetime import timedelta
from itertools import product

import pytest

from main.models import ENDS_SOON, ReferralCode
from tests.conftest import NOW, make_agent, make_code

pytestmark = pytest.mark.django_db

TICK = timedelta(microseconds=1)
ENDS = [None, *(NOW + end + tick for end in (timedelta(0), ENDS_SOON) for tick in (-TICK, timedelta(0), TICK))]


@pytest.fixture
def _every_kind_of_code():
    agents = [None, make_agent("Maria Garcia"), make_agent("John Smith", is_active=False)]
    for number, (agent, ends, status) in enumerate(product(agents, ENDS, ReferralCode.Status)):
        make_code(f"C-{number}", expires_at=ends, agent=agent, status=status)


@pytest.mark.usefixtures("_every_kind_of_code")
def test_each_code_is_in_the_filter_of_its_state_alone():
    by_state = {state: set(ReferralCode.objects.in_state(state, NOW)) for state in ReferralCode.State}
    for code in ReferralCode.objects.select_related("agent__user"):
        assert [state for state, codes in by_state.items() if code in codes] == [code.state(NOW)]
    assert all(by_state.values()), "every state occurs"


@pytest.mark.usefixtures("_every_kind_of_code")
def test_what_works_is_what_is_active_or_ends_soon():
    working = set(ReferralCode.objects.usable(NOW))
    assert working == {
        *ReferralCode.objects.in_state(ReferralCode.State.ACTIVE, NOW),
        *ReferralCode.objects.in_state(ReferralCode.State.ENDS_SOON, NOW),
    }
