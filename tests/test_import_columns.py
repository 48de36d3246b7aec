"""Which column means what: a name that only looks like one of ours refuses the file, with the name it should have."""

import pytest

from main.importing.columns import LOOKS_LIKE, likely_meaning, meaning, squeezed
from main.models import ReferralCode

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("name", "field"),
    [
        *(
            (name, "expires_at")
            for name in ["end date", "endDate", "End", "expires (UTC)", "Expiry day", "valid_thru"]
        ),
        *((name, "expires_at") for name in ["Ablaufdatum", "läuft ab bis", "gültig bis", "GUELTIG_BIS", "Enddatum"]),
        *((name, "expires_at") for name in ["ημερομηνία λήξης", "Λήγει", "Ισχύει έως", "ΛΗΞΗ"]),
        *((name, "discount") for name in ["rabatt", "Rabatt in %", "Prozent", "discount amount", "έκπτωση", "% off"]),
        *((name, "agent") for name in ["agent_id", "agentId", "Vertreter", "Vermittler", "Συνεργάτης", "Πράκτορας"]),
        *((name, "agent_email") for name in ["E-Mail-Adresse", "agent mail", "mail"]),
        *((name, "status") for name in ["is_active", "aktiv", "Zustand", "Κατάσταση", "enabled"]),
        *((name, "code") for name in ["Gutscheincode", "Κωδικός", "promo", "coupon no", "Rabattcode"]),
        *((name, "created_at") for name in ["creation date", "Erstellt am", "Ημ. δημιουργίας"]),
        *((name, "") for name in ["Notes", "calendar", "Σχόλια", "gender", "vendor", "id of booking", "", "Telefon"]),
    ],
)
def test_a_name_is_suspected_of_one_meaning(name, field):
    assert likely_meaning(name) == field


def test_no_name_that_is_read_is_called_a_misspelt_one():
    assert set(LOOKS_LIKE) - {"agent_email"} <= {meaning(field) for field in LOOKS_LIKE}
    assert squeezed("Expires_at ") == squeezed("expiresAt")


def test_a_column_that_looks_like_one_of_ours_refuses_the_file(import_codes):
    result = import_codes("code,rabatt,end date,Notes\nA-1,20,2026-12-31,x\n")
    assert (result.out, result.exit_code) == ("", 1)
    assert result.error == (
        "codes.csv: The column 'rabatt' looks like discount: call it discount, or add --ignore-column 'rabatt'. "
        "The column 'end date' looks like expires_at: call it expires_at, or add --ignore-column 'end date'."
    )
    assert not ReferralCode.objects.exists()


def test_what_is_ignored_on_purpose_refuses_nothing(import_codes):
    content = "code,rabatt,end date,discount\nA-1,20,2026-12-31,5\n"
    assert import_codes(content, "--ignore-column", "End-Date", "--dry-run").out == (
        "Ignored columns: rabatt, end date. No column is called agent or expires_at or status.\n"
        "line 2: would add A-1 (Agent: none), 5 %, never expires\n"
        "Would import 1 code. Nothing was written.\n"
    )


def test_a_column_that_is_known_can_be_ignored_too(import_codes):
    out = import_codes("code,discount,expires_at,agent,status\nA-1,20,soon,,\n", "--ignore-column", "expires_at").out
    assert out.startswith("Ignored columns: expires_at. No column is called expires_at.\nImported 1 code.")


def test_a_misspelt_name_of_a_column_to_ignore_is_told(import_codes):
    error = import_codes("code,rabatt\nA-1,20\n", "--ignore-column", "rabat").error
    assert error == "codes.csv: No column is called 'rabat', as --ignore-column says."


@pytest.mark.parametrize("header", ["code,agent,agent_id", "code,agent_email,agent_id", "code,expires_at,end date"])
def test_a_second_column_beside_the_right_one_is_ignored_and_listed(import_codes, header):
    assert import_codes(f"{header}\nA-1,,7\n").out.startswith(f"Ignored columns: {header.rpartition(',')[2]}.")
