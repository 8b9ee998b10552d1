import pytest


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/dhimp/api/nowhere/", "/dhimp/api/logs/abc/"])
def test_an_unknown_path_carries_a_message_too(client, path):
    answer = client.get(path)

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert answer.json()["message"] == answer.json()["detail"] == f"There is no {path}."
