from django.db import models


class FileChange(models.Model):
    timestamp = models.CharField(max_length=64)
    host = models.CharField(max_length=255, db_index=True)
    category = models.CharField(max_length=10, db_index=True)
    action = models.CharField(max_length=10)
    path = models.CharField(max_length=4096)
    user = models.CharField(max_length=255)
    process = models.CharField(max_length=1024)

    def __str__(self) -> str:
        return self.path
