"""Why a host is blind, and until when its past blindness was told."""

from django.db import migrations, models

import fim.models.fields


class Migration(migrations.Migration):
    dependencies = [("fim", "0007_search_index_behind_commits")]
    operations = [
        migrations.AddField(
            model_name="host",
            name="blind_reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("watching", "The kernel does not tell of them"),
                    ("node", "This node did not answer"),
                    ("sending", "Its logs do not arrive"),
                ],
                default="",
                max_length=16,
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="host",
            name="blind_told_until",
            field=fim.models.fields.CompactDateTimeField(editable=False, null=True),
        ),
    ]
