from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("analyses", "0004_accepted"),
    ]

    operations = [
        migrations.CreateModel(
            name="AlsoAsked",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "analysis",
                    models.ForeignKey(
                        on_delete=models.deletion.CASCADE, related_name="also_asked", to="analyses.analysis"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(on_delete=models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("analysis", "user"), name="also_asked_once"),
                ],
            },
        ),
    ]
