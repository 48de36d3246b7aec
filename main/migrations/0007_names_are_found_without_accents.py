from django.db import migrations

import main.codes.folding


def fold_names(apps, schema_editor):
    """Fold the names of the people who are there already, in chapters."""
    people = apps.get_model("main", "UserProfile").objects.using(schema_editor.connection.alias)
    after = 0
    while some := list(people.filter(pk__gt=after).order_by("pk")[:1000]):
        for person in some:
            person.folded_name = main.codes.folding.folded(person.name)
        people.bulk_update(some, ["folded_name"])
        after = some[-1].pk


class Migration(migrations.Migration):

    dependencies = [
        ('main', '0006_codes_can_be_downloaded'),
    ]

    operations = [
        migrations.AddField(
            model_name='userprofile',
            name='folded_name',
            field=main.codes.folding.FoldedField(of='name'),
        ),
        migrations.RunPython(fold_names, migrations.RunPython.noop, elidable=True),
    ]
