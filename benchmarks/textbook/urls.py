from django.urls import path
from rest_framework import generics, serializers

from benchmarks.textbook.models import FileChange


class FileChangeSerializer(serializers.ModelSerializer):
    class Meta:
        model = FileChange
        fields = ["id", "timestamp", "host", "category", "action", "path", "user", "process"]


class FileChangeView(generics.CreateAPIView):
    queryset = FileChange.objects.all()
    serializer_class = FileChangeSerializer


urlpatterns = [path("api/ingest/fim/", FileChangeView.as_view())]
