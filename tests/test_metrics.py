"""The figures at /metrics: for Prometheus, behind a token."""

import json
import re
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from main.models import ExpirationRun
from main.signals import check_all_expired_referral_codes
from tests.conftest import NOW, PROJECT, make_code

TOKEN = {"authorization": "Bearer figures-for-me"}


@pytest.fixture
def figures(client, settings):
    settings.METRICS_TOKEN = "figures-for-me"

    def ask():
        answer = client.get("/metrics", headers=TOKEN)
        assert answer.status_code == 200
        families = text_string_to_metric_families(answer.content.decode())
        return {sample.name: sample.value for family in families for sample in family.samples}

    return ask


def test_the_figures_tell_of_overdue_codes_and_of_the_last_completed_run(figures, clock, three_overdue):
    make_code("LATER", expires_at=NOW + timedelta(days=1))
    assert figures() == {"knossos_overdue_codes": 3, "knossos_failed_runs": 0}

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


def test_the_figures_cost_three_queries(figures, clock, three_overdue, django_assert_num_queries):
    check_all_expired_referral_codes()
    with django_assert_num_queries(3):
        figures()


def test_the_dashboard_asks_for_figures_that_there_are(figures, clock, three_overdue):
    check_all_expired_referral_codes()
    dashboard = (PROJECT / "docs" / "grafana-dashboard.json").read_text()
    assert json.loads(dashboard)["title"] == "Knossos referral codes"
    assert set(re.findall(r"knossos_\w+", dashboard)) == set(figures())
