"""The node's URL list, read from the resolver."""

import re

from django.urls import get_resolver
from django.urls.resolvers import URLResolver
from rest_framework.views import APIView


def walk(resolver=None, prefix=""):
    """Yield (path, view) of every path, with `{id}` where a number stands."""
    for entry in (resolver or get_resolver()).url_patterns:
        path = prefix + _plain(entry.pattern)
        if isinstance(entry, URLResolver):
            if path != "/admin/":
                yield from walk(entry, path)
        else:
            yield path, entry.callback


def _plain(pattern):
    text = re.sub(r"\(\?P<\w+>[^)]*\)", "{id}", str(pattern)).replace("\\", "")
    text = re.sub(r"<\w+:(\w+)>", r"{\1}", text)
    return text.removeprefix("^").removesuffix("$")


def rest_operations():
    """Return (method, path) of everything that answers with JSON."""
    found = set()
    for path, view in walk(prefix="/"):
        cls = getattr(view, "cls", object)
        if not issubclass(cls, APIView) or cls.schema is None:
            continue  # the console, and the description itself
        actions = getattr(view, "actions", None)
        methods = actions or [m for m in cls.http_method_names if hasattr(cls, m)]
        found |= {(method.upper(), path) for method in methods if method not in ("head", "options")}
    return found
