"""People come in by their password and go."""

import pytest

from tests.node import ADMIN_PASSWORD


@pytest.mark.parametrize("username", ["analyst", "admin"])
def test_people_sign_in_and_out(take_seat, username):
    seat = take_seat()
    seat.sign_in(username, ADMIN_PASSWORD)

    seat.page.get_by_role("button", name="Sign out").click()

    assert seat.go("/admin/") == 200
    assert "/admin/login/" in seat.page.url
