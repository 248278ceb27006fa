from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("analyses", "0003_forced"),
    ]

    operations = [
        migrations.AddField(
            model_name="analysis",
            name="accepted",
            field=models.CharField(blank=True, db_default="", default="", max_length=64),
        ),
    ]
