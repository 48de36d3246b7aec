from django.db import migrations


def take_zones_over(source, target):
    """Copy the zones of the people who have none in `target` yet; a newer choice stays."""
    zones = source.exclude(zone='').exclude(user__in=target.exclude(zone='').values('user'))
    target.bulk_create(
        [target.model(user_id=user_id, zone=zone) for user_id, zone in zones.values_list('user', 'zone')],
        batch_size=1000, update_conflicts=True, unique_fields=['user'], update_fields=['zone'],
    )


def to_all_pages(apps, schema_editor):
    take_zones_over(*_tables(apps, schema_editor))


def back_to_mails(apps, schema_editor):
    preferences, choices = _tables(apps, schema_editor)
    take_zones_over(choices, preferences)


def _tables(apps, schema_editor):
    models = apps.get_model('notices', 'Preference'), apps.get_model('main', 'PersonalChoice')
    return [model.objects.using(schema_editor.connection.alias) for model in models]


class Migration(migrations.Migration):

    dependencies = [
        ('main', '0013_people_choose_their_zone'),
        ('notices', '0003_words'),
    ]

    operations = [
        migrations.RunPython(to_all_pages, back_to_mails),
        migrations.RemoveField(model_name='preference', name='zone'),
    ]
