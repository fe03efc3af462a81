# migrate-db: phase=contract approve=OPS-8
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("shop", "0004_orders_customer")]
    operations = [migrations.RemoveField(model_name="order", name="note")]
