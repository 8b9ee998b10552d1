import pytest

from config.api.batch import BatchAnswer


def test_tells_what_became_of_each_record():
    answer = BatchAnswer(accepted=2, duplicates=1)
    answer.refuse(4, {"severity": ["Unknown."], "path": ["Missing."]})

    assert answer.as_json() == {
        "accepted": 2,
        "duplicates": 1,
        "rejected": 1,
        "errors": [
            {
                "index": 4,
                "code": "invalid",
                "detail": "Not valid: severity, path.",
                "fields": {"severity": ["Unknown."], "path": ["Missing."]},
            }
        ],
    }


def test_says_what_is_wrong_with_a_record_as_a_whole():
    answer = BatchAnswer()
    answer.refuse(0, {"non_field_errors": ["Is no JSON."]}, code="malformed")

    assert answer.errors[0]["detail"] == "Is no JSON."
    assert answer.errors[0]["code"] == "malformed"


@pytest.mark.parametrize(
    ("accepted", "duplicates", "refused", "status"),
    [(1, 0, 0, 201), (1, 1, 1, 201), (0, 1, 0, 200), (0, 1, 1, 200), (0, 0, 1, 400)],
)
def test_status_says_whether_anything_was_stored(accepted, duplicates, refused, status):
    answer = BatchAnswer(accepted=accepted, duplicates=duplicates)
    for index in range(refused):
        answer.refuse(index, {"severity": ["Unknown."]})

    assert answer.http_status == status
