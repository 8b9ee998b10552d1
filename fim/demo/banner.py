"""Tell whoever looks at the console that what it shows never happened."""

from django.http import HttpRequest

from fim.demo.models import Demo


def is_demo() -> bool:
    return Demo.objects.exists()


def context(request: HttpRequest) -> dict[str, bool]:
    """The context processor behind the console's banner; a small query on the console alone."""
    return {"is_demo": request.path.startswith("/admin/") and is_demo()}
