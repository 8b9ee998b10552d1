"""Call what a person did and how it came to the node by the field's words: action, channel.

Both databases rename a column in place, so that the triggers of 0003 stay on the table.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("users", "0003_audit_append_only")]
    operations = [
        migrations.RenameField("auditentry", "deed", "action"),
        migrations.RenameField("auditentry", "door", "channel"),
        migrations.AlterField(
            "auditentry",
            "action",
            models.CharField(
                choices=[
                    ("added", "Added"),
                    ("changed", "Changed"),
                    ("deleted", "Deleted"),
                    ("revoked", "Revoked"),
                    ("password", "Set password"),
                    ("unlocked", "Unlocked"),
                    ("signed_in", "Signed in"),
                    ("signed_out", "Signed out"),
                ],
                max_length=10,
            ),
        ),
    ]
