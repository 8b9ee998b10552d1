"""The JSON object for what only some agents know: bounded, and of what both databases hold."""

import pytest

from fim.record.fields import MAX_ATTRIBUTES_CHARACTERS, InvalidRecord
from tests.factories import new_log

NO_TEXT = "Holds a NUL or a lone surrogate, which is no text."


def refusal(value):
    with pytest.raises(InvalidRecord) as caught:
        new_log(attributes=value)
    return caught.value.fields["attributes"][0]


def nested(levels):
    value = {}
    for _ in range(levels - 1):
        value = {"a": value}
    return value


def test_keeps_an_object_of_any_values():
    attributes = {"pid": 71, "mitre": ["T1505.003"], "ok": True, "none": None, "load": 0.5}

    assert new_log(attributes=attributes).attributes == attributes


@pytest.mark.parametrize("value", [[], "{}", 1, 1.5, True])
def test_refuses_what_is_no_object(value):
    assert refusal(value) == "Takes a JSON object."


def test_takes_eight_levels_and_refuses_nine():
    assert new_log(attributes=nested(8)).attributes == nested(8)
    assert refusal(nested(9)) == "Is nested more than 8 levels deep."


def test_counts_lists_as_levels():
    assert refusal({"a": [[[[[[[[]]]]]]]]}) == "Is nested more than 8 levels deep."


def test_takes_an_object_as_large_as_the_limit():
    attributes = {"a": "x" * (MAX_ATTRIBUTES_CHARACTERS - len('{"a": ""}'))}

    assert new_log(attributes=attributes).attributes == attributes


def test_refuses_an_object_over_the_limit():
    assert (
        refusal({"a": "x" * 65_536}) == "Has 65545 characters as JSON; at most 65536 are accepted."
    )


@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "\udc00"])
def test_refuses_no_text_in_keys_and_values(text):
    assert refusal({text: 1}) == refusal({"a": text}) == refusal({"a": [{text: 1}]}) == NO_TEXT


@pytest.mark.parametrize("number", [1e400, -1e400, float("nan")])
def test_refuses_a_number_that_is_not_finite(number):
    assert refusal({"a": [number]}) == "Holds a number that is too large."


@pytest.mark.parametrize("number", [2**63, -(2**70), 10**4000, 1e308, 5e-324, -0.0])
def test_keeps_a_number_of_any_size(number):
    assert new_log(attributes={"a": number}).attributes == {"a": number}
