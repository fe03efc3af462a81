from django.db import models


class Order(models.Model):
    customer = models.CharField(max_length=120)
    total = models.DecimalField(max_digits=12, decimal_places=2)
    paid = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["customer"], name="orders_customer")]
