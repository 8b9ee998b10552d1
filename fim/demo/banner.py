"""A banner in the console: what it shows is made up."""

from django.http import HttpRequest

from fim.demo.models import Demo


def is_demo() -> bool:
    return Demo.objects.exists()


def context(request: HttpRequest) -> dict[str, bool]:
    """The context processor behind the console's banner; a small query on the console alone."""
    return {"is_demo": request.path.startswith("/admin/") and is_demo()}
