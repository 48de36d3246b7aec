"""Agents in a file of `import_codes`: found by name, created only on request, never guessed."""

import pytest
from django.contrib.auth.models import User

from main.models import ReferralCode, UserProfile
from tests.conftest import latest_import, make_agent

pytestmark = pytest.mark.django_db


def file_with(*agents):
    return "code;agent\n" + "".join(f'CODE-{number};"{agent}"\n' for number, agent in enumerate(agents, 1))


@pytest.mark.parametrize("written", ["John Smith", "john smith", " JOHN \u00a0 Smith\u2009", "John\nSmith"])
def test_an_agent_is_found_whatever_the_case_and_spaces_of_its_name(import_codes, john, written):
    assert import_codes(file_with(written)).error == ""
    assert ReferralCode.objects.get().agent == john


@pytest.mark.parametrize(("stored", "written"), [("Jürgen Groß", "JÜRGEN GROSS"), ("Zoe\u0308 M", "ZOË M")])
def test_a_name_is_found_however_its_letters_are_made_up(import_codes, stored, written):
    agent = make_agent(stored)
    assert import_codes(file_with(written)).error == ""
    assert ReferralCode.objects.get().agent == agent


def test_no_name_makes_a_code_of_the_house(import_codes):
    import_codes(file_with(" "))
    assert ReferralCode.objects.get().agent is None


def test_a_name_that_nobody_bears_is_refused(import_codes, john):
    assert import_codes(file_with("Jon Smith")).refused == (
        "line 2: refused: agent: no agent is called 'Jon Smith': "
        "create it in the admin first, or add --create-agents\n"
    )


@pytest.mark.parametrize("option", [[], ["--create-agents"]])
def test_a_client_is_not_an_agent_and_none_is_made_beside_it(import_codes, option):
    make_agent("Carla Client")
    UserProfile.objects.update(role=UserProfile.Role.CLIENT)
    assert import_codes(file_with("carla client"), *option).refused == (
        "line 2: refused: agent: a client is called 'carla client', no agent: change the role in the admin first\n"
    )


@pytest.mark.parametrize("option", [[], ["--create-agents"]])
def test_a_name_that_two_agents_bear_is_refused(import_codes, john, option):
    UserProfile.objects.create(user=User.objects.create_user("john2"), name="JOHN SMITH", role=UserProfile.Role.AGENT)
    assert import_codes(file_with("John Smith"), *option).refused == (
        "line 2: refused: agent: 2 agents are called 'John Smith': give an address that only one has\n"
    )


def test_agents_are_created_on_request_once_each_and_named(import_codes, john):
    User.objects.create_user("ana-horvat")
    written = ["Ana Horvat", "ana  horvat", "John Smith", "山田 花子", "!!!", "Ana-Horvat", ""]
    assert import_codes(file_with(*written), "--create-agents").out == (
        "created the agent Ana Horvat, user ana-horvat-2\n"
        "created the agent 山田 花子, user 山田-花子\n"
        "created the agent !!!, user agent\n"
        "created the agent Ana-Horvat, user ana-horvat-3\n"
        f"Imported 7 codes, 4 agents created. This is import {latest_import().pk}.\n"
    )
    ana = UserProfile.objects.get(name="Ana Horvat")
    assert (ana.role, ana.user.is_active, ana.user.has_usable_password()) == ("agent", True, False)
    assert (ana.user.is_staff, ana.user.is_superuser, ana.referral_codes.count()) == (False, False, 2)
    assert john.referral_codes.count() == 1


def test_a_dry_run_names_the_agents_it_would_create_and_creates_none(import_codes):
    assert import_codes(file_with("Ana Horvat", "ANA HORVAT"), "--create-agents", "--dry-run").out == (
        "line 2: would add CODE-1 (new agent: Ana Horvat), 0 %, never expires\n"
        "line 3: would add CODE-2 (new agent: Ana Horvat), 0 %, never expires\n"
        "would create the agent Ana Horvat\n"
        "Would import 2 codes and create 1 agent. Nothing was written.\n"
    )
    assert not UserProfile.objects.exists()


def test_a_refused_file_creates_no_agent(import_codes):
    assert import_codes("code,agent,discount\nA,Ana,10\nB,Bo,200\n", "--create-agents").error
    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("A" * 151, "Ensure this value has at most 150 characters (it has 151)"),
        ("\u202egnp", "Only printable characters, please: no line breaks, tabs or invisible marks"),
    ],
)
def test_a_name_that_the_model_refuses_makes_no_agent(import_codes, name, told):
    assert import_codes(file_with(name), "--create-agents").refused == f"line 2: refused: agent: {told}\n"
