"""Codes are unique and looked up by their lookup key: what looks the same is the same code."""

from collections import defaultdict

from django.core.exceptions import ValidationError
from django.core.management import CommandError
from django.db import migrations, models
from django.db.models.functions import Upper

import main.codes.lookalikes
from main.codes.lookalikes import lookup_key
from main.codes.text import validate_code, visible

NAMED_AT_MOST = 20


def refuse_twins(apps, schema_editor):
    """Name the codes that a person has to rename first; nothing is touched while there are any."""
    codes = apps.get_model("main", "ReferralCode").objects.using(schema_editor.connection.alias)
    same, wrong = defaultdict(list), []
    # In the transaction of the migration, so its cursor works behind a pooler too.
    for code in codes.order_by("pk").values_list("code", flat=True).iterator():
        # Codes of A to Z without spaces have no twins among each other: they are unique whatever their case.
        if code.isascii() and " " not in code:
            continue
        try:
            validate_code(code)
            same[lookup_key(code)].append(code)
        except ValidationError as error:
            wrong.append(f"{visible(code)} ({error.messages[0]})")
    keys = list(same)
    for start in range(0, len(keys), 500):
        plain = codes.annotate(upper=Upper("code")).filter(upper__in=keys[start : start + 500])
        for code, key in plain.values_list("code", "upper"):
            if code not in same[key]:
                same[key].append(code)
    twins = [" and ".join(visible(code) for code in sorted(found)) for found in same.values() if len(found) > 1]
    complaints = []
    if twins:
        complaints.append(f"Codes that look the same become one code. Rename or delete one of each: {_some(twins)}.")
    if wrong:
        complaints.append(f"Codes that nobody could type. Rename or delete them: {_some(wrong)}.")
    if complaints:
        raise CommandError("Nothing was changed. " + " ".join(complaints))


def _some(names):
    rest = len(names) - NAMED_AT_MOST
    return "; ".join(names[:NAMED_AT_MOST]) + (f"; and {rest} more" if rest > 0 else "")


class Migration(migrations.Migration):

    dependencies = [
        ("main", "0001_initial"),
    ]

    operations = [
        migrations.RunPython(refuse_twins, migrations.RunPython.noop, elidable=True),
        migrations.RemoveConstraint(
            model_name="referralcode",
            name="referralcode_code_unique",
        ),
        migrations.AddField(
            model_name="referralcode",
            name="lookup_key",
            field=models.GeneratedField(
                db_persist=True,
                expression=main.codes.lookalikes.LookupKey("code"),
                output_field=models.CharField(max_length=64),
            ),
        ),
        migrations.AddConstraint(
            model_name="referralcode",
            constraint=models.UniqueConstraint(
                fields=("lookup_key",),
                name="referralcode_code_unique",
                violation_error_message="This code already exists.",
            ),
        ),
    ]
