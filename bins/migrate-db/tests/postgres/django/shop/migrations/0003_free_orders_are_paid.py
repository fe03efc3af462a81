# migrate-db: phase=expand
from django.db import migrations


def pay(apps, schema_editor):
    orders = apps.get_model("shop", "Order")
    orders.objects.using(schema_editor.connection.alias).filter(total=0).update(paid=True)


class Migration(migrations.Migration):
    dependencies = [("shop", "0002_order_paid")]
    operations = [migrations.RunPython(pay, migrations.RunPython.noop)]
