from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("shop", "0003_free_orders_are_paid")]
    operations = [
        AddIndexConcurrently("order", models.Index(fields=["customer"], name="orders_customer")),
    ]
