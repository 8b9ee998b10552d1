"""A machine's key: made in the console, shown once with a ready line, and good for posting."""

import json
import re
import subprocess

from playwright.sync_api import expect

from tests.patience import PATIENCE_SECONDS

KEYS = "/admin/users/key/"


def make_key(seat, name):
    seat.go(f"{KEYS}add/")
    seat.page.get_by_label("Name").fill(name)
    seat.page.get_by_label("Post logs").check()
    seat.page.get_by_label("Host").fill(name)
    seat.page.get_by_role("button", name="Save", exact=True).click()


def run_curl(line):
    """Run the line that the console shows in a shell; return status and answer."""
    assert line.startswith("curl -i ")
    done = subprocess.run(
        ["sh", "-c", f"{line} --silent --noproxy '*'"],
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    head, _, body = done.stdout.partition("\n\n")
    return int(head.split()[1]), json.loads(body)


def shown_line(seat):
    return seat.page.get_by_role("region", name="Try it").get_by_text("curl").inner_text()


def test_a_key_is_shown_once_with_a_line_that_works(admin):
    make_key(admin, "web-9")
    line = shown_line(admin)

    status, log = run_curl(line)

    assert (status, log["host"]) == (201, "web-9")
    text = re.search(r"Api-Key ([\w.]+)", line)[1]
    admin.go(KEYS)
    assert text not in admin.page.content()
    expect(admin.page.get_by_role("row").filter(has_text="web-9")).to_be_visible()


def test_a_revoked_key_is_refused(admin):
    make_key(admin, "web-10")
    line = shown_line(admin)
    admin.go(KEYS)
    admin.page.get_by_role("row").filter(has_text="web-10").get_by_role("checkbox").check()
    admin.page.get_by_role("combobox", name="Action").select_option("Revoke selected keys")
    admin.page.locator("button[name=index]").click()
    admin.page.get_by_role("button", name="Revoke").click()
    expect(admin.page.get_by_text("1 key revoked.")).to_be_visible()

    status, answer = run_curl(line)

    assert (status, answer["code"]) == (401, "key_not_valid")


def test_the_audit_list_tells_who_made_it(admin):
    make_key(admin, "web-11")

    admin.go("/admin/users/auditentry/")
    row = admin.page.get_by_role("row").filter(has_text="web-11")
    expect(row).to_contain_text("admin")
    expect(row).to_contain_text("127.0.0.1")
