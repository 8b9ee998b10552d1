"""Who comes in, who does not, and whether the watch over the pages sees what it should."""

import pytest


@pytest.mark.parametrize("username", ["analyst", "admin"])
def test_people_sign_in_and_out(take_seat, username):
    seat = take_seat(username)

    seat.page.get_by_role("button", name="Sign out").click()

    assert seat.go("/admin/") == 200
    assert "/admin/login/" in seat.page.url
