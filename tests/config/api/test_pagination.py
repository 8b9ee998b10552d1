"""Page numbers and sizes. What a list does with them stands in tests/threats."""

import pytest
from django.test import RequestFactory
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from config.api.pagination import CappedPaginator, positive_int
from tests.factories import make_event
from threats.models import Event


def request_with(**query):
    return Request(RequestFactory().get("/", query))


@pytest.mark.parametrize(("text", "number"), [("1", 1), ("007", 7), ("1000", 1000)])
def test_reads_a_whole_number(text, number):
    assert positive_int(request_with(limit=text), "limit", default=5, maximum=1000) == number


def test_takes_the_default_where_nothing_is_sent():
    assert positive_int(request_with(), "limit", default=5) == 5


@pytest.mark.parametrize(
    "text", ["", " ", "0", "-1", "+1", "1.0", "1e3", "abc", "²", "١", "1_0", "0x1", "\0", "1 1"]
)
def test_refuses_what_is_no_positive_number(text):
    with pytest.raises(ValidationError) as refusal:
        positive_int(request_with(limit=text), "limit", default=5)

    assert refusal.value.detail == {"limit": ["Takes a whole number from 1 up."]}


@pytest.mark.parametrize("text", ["1001", "9" * 18, "9" * 19, "9" * 5_000])
def test_names_the_maximum(text):
    with pytest.raises(ValidationError) as refusal:
        positive_int(request_with(limit=text), "limit", default=5, maximum=1000)

    assert refusal.value.detail == {"limit": ["Takes a whole number from 1 to 1000."]}


@pytest.mark.parametrize("text", ["9" * 18, "9" * 19, "9" * 5_000])
def test_takes_a_number_of_any_length_where_there_is_no_maximum(text):
    assert positive_int(request_with(page=text), "page", default=1) > 10**17


@pytest.mark.django_db
def test_console_counts_no_further_than_its_cap(monkeypatch):
    monkeypatch.setattr(CappedPaginator, "cap", 3)
    for _ in range(5):
        make_event()

    assert CappedPaginator(Event.objects.all(), 2).count == 3
    assert CappedPaginator(Event.objects.none(), 2).count == 0
    assert CappedPaginator([1, 2, 3, 4], 2).count == 4
