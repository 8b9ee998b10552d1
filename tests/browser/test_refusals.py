"""What a role may not do is refused, in words that say why."""

import re

import pytest
from playwright.sync_api import expect

from tests.node import ADMIN_PASSWORD


@pytest.mark.parametrize(
    "path",
    [
        "/admin/users/user/",
        "/admin/users/user/add/",
        "/admin/users/key/",
        "/admin/users/key/add/",
        "/admin/users/auditentry/",
        "/admin/threats/alert/1/delete/",
        "/admin/fim/fimlog/1/delete/",
    ],
)
def test_an_analyst_is_told_that_the_role_may_not(analyst, path):
    status = analyst.go(path)
    analyst.witness.expect_refusal(403)

    assert status == 403
    expect(analyst.page.get_by_role("main")).to_contain_text("Your role, analyst, may not")


def test_a_forged_post_changes_no_alert(analyst):
    """The form is not shown to an analyst; here it is sent all the same."""
    analyst.go("/admin/threats/alert/")
    row = analyst.page.locator("#result_list tbody a").first
    path = row.get_attribute("href").partition("?")[0]
    token = next(c["value"] for c in analyst.page.context.cookies() if c["name"] == "csrftoken")

    answer = analyst.page.request.post(
        path, form={"status": "RESOLVED", "csrfmiddlewaretoken": token}
    )

    assert answer.status == 403


def test_a_wrong_password_is_said_to_be_wrong(take_seat):
    seat = take_seat()
    seat.go("/admin/")
    seat.page.get_by_label("User name").fill("analyst")
    seat.page.get_by_label("Password").fill("not this one")
    seat.page.keyboard.press("Enter")

    expect(seat.page.get_by_role("alert")).to_be_visible()


def test_someone_whose_account_was_ended_is_told_so(admin, take_seat):
    admin.go("/admin/users/user/add/")
    admin.page.get_by_label(re.compile("User ?name")).fill("dewi")
    admin.page.get_by_label("Password:", exact=True).fill(ADMIN_PASSWORD)
    admin.page.get_by_label("Password confirmation").fill(ADMIN_PASSWORD)
    admin.page.get_by_role("button", name="Save", exact=True).click()
    admin.go("/admin/users/user/?q=dewi")
    admin.page.locator("#result_list tbody a").first.click()
    admin.page.get_by_label("Active").uncheck()
    admin.page.get_by_role("button", name="Save", exact=True).click()

    seat = take_seat()
    seat.go("/admin/")
    seat.page.get_by_label("User name").fill("dewi")
    seat.page.get_by_label("Password").fill(ADMIN_PASSWORD)
    seat.page.keyboard.press("Enter")

    expect(seat.page.get_by_role("alert")).to_contain_text(re.compile("account|inactive", re.I))
