import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('main', '0012_codes_by_date'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RenameModel('ChosenLanguage', 'PersonalChoice'),
        migrations.AlterModelOptions('PersonalChoice', options={'default_permissions': ()}),
        migrations.AlterField(
            model_name='personalchoice',
            name='user',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='personal_choice', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AlterField(
            model_name='personalchoice',
            name='language',
            field=models.CharField(blank=True, max_length=35),
        ),
        migrations.AddField(
            model_name='personalchoice',
            name='zone',
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddField(
            model_name='personalchoice',
            name='seen_language',
            field=models.CharField(blank=True, max_length=35),
        ),
        migrations.AddField(
            model_name='personalchoice',
            name='seen_zone',
            field=models.CharField(blank=True, max_length=64),
        ),
    ]
