"""The figures at /metrics: for Prometheus, behind a token."""

import json
import re
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from main.models import ExpirationRun
from main.notices.models import Notice, Preference, Wish
from main.signals import check_all_expired_referral_codes
from tests.conftest import NOW, PROJECT, make_agent, make_code
from tests.test_checkout_api import Shop

TOKEN = {"authorization": "Bearer figures-for-me"}


NOTHING_WAITS = {
    "knossos_notices_waiting": 0,
    "knossos_notices_refused_addresses": 0,
    "knossos_wishes_waiting": 0,
}


@pytest.fixture
def samples(db, client, settings):
    settings.METRICS_TOKEN = "figures-for-me"

    def ask():
        answer = client.get("/metrics", headers=TOKEN)
        assert answer.status_code == 200
        families = text_string_to_metric_families(answer.content.decode())
        return [sample for family in families for sample in family.samples]

    return ask


@pytest.fixture
def figures(samples):
    """What is so at this instant."""
    return lambda: {sample.name: sample.value for sample in samples() if not sample.labels}


@pytest.fixture
def answers(samples):
    """What shops were answered since the last call, by operation and result."""
    before = {}

    def ask():
        counts = {tuple(sample.labels.values()): sample.value for sample in samples() if sample.labels}
        new = {key: count - before.get(key, 0) for key, count in counts.items() if count > before.get(key, 0)}
        before.update(counts)
        return new

    ask()
    return ask


def test_the_figures_tell_of_overdue_codes_and_of_the_last_completed_run(figures, clock, three_overdue):
    make_code("LATER", expires_at=NOW + timedelta(days=1))
    assert figures() == {"knossos_overdue_codes": 3, "knossos_failed_runs": 0, **NOTHING_WAITS}

    check_all_expired_referral_codes()
    ExpirationRun.objects.create(
        started_at=NOW, last_sign_of_life=NOW, ended_at=NOW, cutoff=NOW, started_by="command", host="x", pid=1,
        state="failed",
    )  # fmt: skip
    clock.shift(timedelta(hours=2))
    make_code("FRESH", expires_at=NOW + timedelta(hours=1))
    assert figures() == {
        "knossos_overdue_codes": 1,
        "knossos_failed_runs": 1,
        "knossos_last_run_age_seconds": 7200,
        "knossos_last_run_seconds": 0,
        "knossos_last_run_codes": 3,
        **NOTHING_WAITS,
    }


def test_the_figures_tell_what_of_the_notices_waits(figures, clock, john):
    maria = make_agent("Maria Garcia", email="new@example.com")
    code = make_code("JOHNS-20", agent=john, expires_at=NOW + timedelta(days=1))
    Wish.objects.create(code=code, agent=john, sentence="Please.", asked_at=NOW, ends_at=code.expires_at)
    for number, (state, claimed_until) in enumerate(
        [("waiting", None), ("sending", NOW), ("sending", NOW + timedelta(minutes=1)), ("sent", None)]
    ):
        user = make_agent(f"A{number}").user
        Notice.objects.create(
            kind="agent", user=user, day=NOW.date(), message_id=f"<{number}>", state=state, made_at=NOW,
            claimed_until=claimed_until,
        )  # fmt: skip
    john.user.email = "john@example.com"
    john.user.save()
    Preference.objects.create(user=john.user, refused_address="john@example.com")
    Preference.objects.create(user=maria.user, refused_address="old@example.com")
    assert figures() == {
        "knossos_overdue_codes": 0,
        "knossos_failed_runs": 0,
        "knossos_notices_waiting": 2,
        "knossos_notices_refused_addresses": 1,
        "knossos_wishes_waiting": 1,
    }


def test_the_figures_tell_what_shops_were_answered(answers, clock, john):
    make_code("JOHNS-20", agent=john, discount=20, expires_at=NOW + timedelta(days=1))
    make_code("MARIA-15", agent=john, discount=15, expires_at=NOW)
    shop = Shop()
    shop.check("johns-20")
    shop.check("maria-15")
    for number in range(10):
        shop.check(f"GUESS-{number}")
    assert answers() == {
        ("check", "works"): 1,
        ("check", "expired"): 1,
        ("check", "unknown"): 9,
        ("check", "try_later"): 1,
    }
    for order, code in [("1", "JOHNS-20"), ("1", "JOHNS-20"), ("1", "MARIA-15"), ("2", "MARIA-15"), ("3", "NONE")]:
        shop.ask("post", "redemptions", {"code": code, "order": order})
    assert answers() == {
        ("redeem", "redeemed"): 1,
        ("redeem", "repeated"): 1,
        ("redeem", "order_taken"): 1,
        ("redeem", "expired"): 1,
        ("redeem", "unknown"): 1,
    }


@pytest.mark.django_db
@pytest.mark.parametrize(
    "headers",
    [{}, {"authorization": "Bearer wrong"}, {"authorization": "figures-for-me"}, {"authorization": "Bearer £"}],
)
def test_without_the_token_there_are_no_figures(client, settings, headers):
    settings.METRICS_TOKEN = "figures-for-me"
    answer = client.get("/metrics", headers=headers)
    assert (answer.status_code, answer.content) == (401, b"Send the header Authorization: Bearer METRICS_TOKEN.\n")


@pytest.mark.django_db
def test_without_a_token_in_the_settings_there_is_no_such_page(client):
    assert client.get("/metrics", headers=TOKEN).status_code == 404


def test_the_figures_cost_six_queries(figures, clock, three_overdue, django_assert_num_queries):
    check_all_expired_referral_codes()
    with django_assert_num_queries(6):
        figures()


def test_the_dashboard_asks_for_figures_that_there_are(figures, clock, three_overdue):
    check_all_expired_referral_codes()
    dashboard = (PROJECT / "docs" / "grafana-dashboard.json").read_text()
    assert json.loads(dashboard)["title"] == "Knossos referral codes"
    assert set(re.findall(r"knossos_\w+", dashboard)) == {*figures(), "knossos_checkout_answers_total"}
