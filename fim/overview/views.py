"""The console's first page, and the part of it that stays fresh by itself."""

from django.contrib import admin
from django.http import HttpRequest
from django.template.response import TemplateResponse


def show_overview(request: HttpRequest) -> TemplateResponse:
    context = {**admin.site.each_context(request), "title": admin.site.index_title}
    return TemplateResponse(request, "fim/overview/page.html", context)
