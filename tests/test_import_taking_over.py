"""What another system's export brings along: addresses, days of creation, ids, an encoding, a zone, expired codes."""

import csv
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from main.codes.editing import extend
from main.importing import checking
from main.models import ReferralCode, UserProfile
from tests.conftest import NOW, latest_import, make_agent, make_code

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


def agents_by_code():
    return dict(ReferralCode.objects.order_by("code").values_list("code", "agent__user__username"))


def test_an_agent_is_found_by_address_whatever_its_name(import_codes):
    make_agent("John Smith", email="John@Example.com")
    UserProfile.objects.create(user=User.objects.create_user("other"), name="John Smith", role="agent")
    content = "code,agent,agent_email\nA-1,Johnny,john@example.COM \nA-2,John Smith,john@example.com\n"
    assert import_codes(content).error == ""
    assert agents_by_code() == {"A-1": "john", "A-2": "john"}


def test_an_agent_without_an_address_here_is_found_by_the_name_that_it_alone_has(import_codes, john):
    assert import_codes("code,agent,agent_email\nA-1,John Smith,john@example.com\n").error == ""
    assert agents_by_code() == {"A-1": "john"}


def test_a_namesake_with_another_address_is_another_person(import_codes):
    make_agent("John Smith", email="old@example.com")
    content = "code,agent,agent_email\nA-1,John Smith,new@example.com\n"
    assert import_codes(content).refused == (
        "line 2: refused: agent: no agent is called 'John Smith': create it in the admin first, "
        "or add --create-agents\n"
    )
    import_codes(content, "--create-agents")
    assert agents_by_code() == {"A-1": "john-smith"}
    assert User.objects.get(username="john-smith").email == "new@example.com"


def test_two_of_one_name_are_told_apart_by_address(import_codes):
    content = "code,agent,agent_email\nA-1,Ana,ana@a.example\nA-2,Ana,ana@b.example\nA-3,ANA,Ana@a.example\n"
    assert import_codes(content, "--create-agents").error == ""
    assert agents_by_code() == {"A-1": "ana", "A-2": "ana-2", "A-3": "ana"}


def test_a_name_without_the_address_that_the_file_gives_elsewhere_is_refused(import_codes):
    content = "code,agent,agent_email\nA-1,Ana,ana@a.example\nA-2,Ana,\n"
    assert import_codes(content, "--create-agents").refused == (
        "line 3: refused: agent: the file gives an address for 'Ana' elsewhere: is this the same agent? "
        "Give it here too\n"
    )


def test_an_agent_without_a_name_is_called_by_its_address(import_codes):
    import_codes("code,agent,agent_email\nA-1,,ana@a.example\n", "--create-agents")
    assert UserProfile.objects.get().name == "ana@a.example"


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("nobody", "Enter a valid email address"),
        (
            "client@example.com",
            "a client has the address client@example.com, no agent: change the role in the admin first",
        ),
        ("twice@example.com", "2 agents have the address twice@example.com: give an address that only one has"),
    ],
)
def test_an_address_that_means_no_agent_or_two_is_refused(import_codes, address, told):
    make_agent("Carla", email="client@example.com")
    UserProfile.objects.update(role="client")
    make_agent("Ada", email="twice@example.com"), make_agent("Bea", email="twice@example.com")
    result = import_codes(f"code,agent_email\nA-1,{address}\n", "--create-agents")
    assert result.refused == f"line 2: refused: agent: {told}\n"


def test_a_new_agent_who_is_switched_off_there_is_switched_off_here(import_codes):
    content = "code,agent,agent_status\nA-1,Ana,inactive\nA-2,Bo,active\nA-3,Cy,\n"
    import_codes(content, "--create-agents")
    assert dict(User.objects.values_list("username", "is_active")) == {"ana": False, "bo": True, "cy": True}
    assert sorted(ReferralCode.objects.usable().values_list("code", flat=True)) == ["A-2", "A-3"]


def test_the_day_of_creation_comes_along(import_codes):
    import_codes("code,created_at\nA-1,2024-05-06 07:08:09.5+02:00\nA-2,2024-05-06\nA-3,\n")
    assert dict(ReferralCode.objects.values_list("code", "created_at")) == {
        "A-1": datetime(2024, 5, 6, 5, 8, 9, 500000, tzinfo=UTC),
        "A-2": datetime(2024, 5, 6, tzinfo=UTC),
        "A-3": NOW,
    }


def test_a_code_past_its_date_comes_in_as_expired_whoever_ended_it_and_can_be_extended(import_codes):
    import_codes("code,expires_at,status\nA-1,2026-11-20,active\nA-2,2026-11-20,inactive\nA-3,2026-11-21,inactive\n")
    expired = {code.code: (code.status, code.expired_at) for code in ReferralCode.objects.all()}
    assert expired == {"A-1": ("inactive", NOW), "A-2": ("inactive", NOW), "A-3": ("inactive", None)}
    assert {edit.code.code for edit in extend(ReferralCode.objects.all(), 7).done} == {"A-1", "A-2"}
    assert ReferralCode.objects.usable().count() == 2


def test_past_is_judged_at_one_instant_for_the_whole_file(import_codes, clock, monkeypatch):
    judge = checking._add_faults_of_model

    def judge_slowly(item):
        clock.shift(timedelta(hours=1))
        judge(item)

    monkeypatch.setattr(checking, "_add_faults_of_model", judge_slowly)
    end = f"{NOW + timedelta(minutes=30):%Y-%m-%d %H:%M}"
    import_codes(f"code,expires_at\nA-1,{end}\nA-2,{end}\n")
    assert set(ReferralCode.objects.values_list("status", "updated_at")) == {("active", NOW)}


def test_the_zone_of_the_file_can_be_named(import_codes):
    import_codes("code,expires_at\nA-1,2026-12-31\nA-2,2026-12-31 17:00\nA-3,2026-12-31 17:00Z\n",
                 "--time-zone", "Europe/Athens")  # fmt: skip
    assert dict(ReferralCode.objects.values_list("code", "expires_at")) == {
        "A-1": datetime(2026, 12, 31, 22, tzinfo=UTC),
        "A-2": datetime(2026, 12, 31, 15, tzinfo=UTC),
        "A-3": datetime(2026, 12, 31, 17, tzinfo=UTC),
    }


@pytest.mark.parametrize("name", ["Athens", "../etc", "", "Europe"])
def test_a_zone_that_is_none_is_wrong_usage(import_codes, name):
    error = import_codes("code\nA-1\n", "--time-zone", name).error
    assert f"'{name}' is not a time zone: write one such as Europe/Athens." in error


def test_a_file_saved_by_excel_in_greece_goes_in(import_codes):
    content = "Κωδικός;code;agent;discount;expires_at\n1;μαρια-15;Μαρία Παππά;12,5 %;05/06/2027 18:30\n"
    options = ("--encoding", "cp1253", "--day-first", "--time-zone", "Europe/Athens", "--create-agents")
    assert import_codes(content.encode("cp1253"), *options).error == ""
    code = ReferralCode.objects.get()
    assert (code.code, code.agent.name, float(code.discount)) == ("ΜΑΡΙΑ-15", "Μαρία Παππά", 12.5)
    assert code.expires_at == datetime(2027, 6, 5, 15, 30, tzinfo=UTC)


def test_an_encoding_is_told_by_what_it_would_give(import_codes):
    error = import_codes("code;agent\nA-1;Μαρία\n".encode("cp1253")).error
    assert error == (
        "codes.csv: Line 2 is not UTF-8 (byte 0xCC): save it as CSV in UTF-8, or choose: "
        "--encoding cp1253 reads 'A-1;Μαρία'; --encoding cp1251 reads 'A-1;МбсЯб'; "
        "--encoding cp1252 reads 'A-1;Ìáñßá'."
    )


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_another_encoding_for_a_file_in_utf_8_is_refused(import_codes, mark):
    error = import_codes(f"{mark}code;agent\nA-1;Zoë\n", "--encoding", "cp1252").error
    assert error.startswith("codes.csv: The file is UTF-8; in cp1252 line ")
    assert error.endswith("'. Leave out --encoding.")


def test_a_map_leads_from_the_old_id_to_the_new_one(import_codes, tmp_path):
    make_code("BEFORE")
    file = tmp_path / "map.csv"
    import_codes("id,code\n70,a-1\n5,b-2\nx y,c-3\n", "--map", str(file))
    with file.open(encoding="utf-8", newline="") as opened:
        rows = list(csv.reader(opened))
    ids = dict(ReferralCode.objects.values_list("code", "id"))
    assert rows == [
        ["old_id", "new_id", "code"],
        ["70", str(ids["A-1"]), "A-1"], ["5", str(ids["B-2"]), "B-2"], ["x y", str(ids["C-3"]), "C-3"],
    ]  # fmt: skip


def test_a_map_needs_ids_and_overwrites_nothing(import_codes, tmp_path):
    file = tmp_path / "map.csv"
    result = import_codes("code\nA-1\n", "--map", str(file))
    assert (result.error, result.exit_code) == (
        "--map needs the column id: it has each code's id in the other system.", 2,
    )  # fmt: skip
    file.write_text("precious")
    error = import_codes("id,code\n1,A-1\n", "--map", str(file)).error
    assert error == f"{file} exists already, and a map is not overwritten: choose another name."
    assert (file.read_text(), ReferralCode.objects.count()) == ("precious", 0)


def test_a_dry_run_writes_no_map(import_codes, tmp_path):
    import_codes("id,code\n1,A-1\n", "--map", str(tmp_path / "map.csv"), "--dry-run")
    assert not (tmp_path / "map.csv").exists()


def test_where_the_map_cannot_be_written_the_truth_is_said(import_codes, tmp_path):
    file = tmp_path / "nowhere" / "map.csv"
    result = import_codes("id,code\n1,A-1\n", "--map", str(file))
    number = latest_import().pk
    assert (result.error, result.exit_code) == (
        f"All is imported: this is import {number}. But {file} cannot be written: No such file or directory. "
        f"For the map, run `python manage.py undo_import {number}`, and import once more.", 1,
    )  # fmt: skip
    assert ReferralCode.objects.count() == 1


def test_a_file_too_large_to_be_a_list_of_codes_is_refused_by_its_size(tmp_path):
    file = tmp_path / "codes.csv"
    with file.open("wb") as opened:
        opened.truncate(100 * 2**20 + 1)
    with pytest.raises(CommandError) as refused:
        call_command("import_codes", str(file))
    assert str(refused.value) == f"{file}: The file is larger than 100 MB, too large for a list of codes."
