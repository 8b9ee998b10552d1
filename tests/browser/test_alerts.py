"""An alert's way: found in the queue, acknowledged, resolved with a note, its history read."""

from playwright.sync_api import expect

QUEUE = "/admin/threats/alert/"
BEACON = "web-3 opens a connection to 198.51.100.23:4444"
SSHD = "/etc/ssh/sshd_config"
SAMBA = "/etc/samba/smb.conf"
SHELL = "invoice_8841.php"


def find(seat, text):
    """Open the page of the alert whose line in the queue holds a text."""
    seat.go(QUEUE)
    seat.page.get_by_role("row").filter(has_text=text).get_by_role("link").first.click()
    expect(seat.page.get_by_role("heading", name="History")).to_be_visible()


def history(seat):
    return seat.page.get_by_role("region", name="History").get_by_role("listitem")


def test_an_admin_deals_with_an_alert(admin):
    find(admin, BEACON)

    admin.page.get_by_role("button", name="Acknowledge").click()
    find(admin, BEACON)
    admin.page.get_by_label("Note").fill("Cut off at the firewall.")
    admin.page.get_by_role("button", name="Resolve").click()

    admin.go(f"{QUEUE}?status__exact=RESOLVED&q=198.51.100.23")
    admin.page.get_by_role("row").filter(has_text=BEACON).get_by_role("link").first.click()
    opened, acknowledged, resolved = history(admin).all()
    expect(acknowledged).to_contain_text("admin Acknowledged")
    expect(resolved).to_contain_text("Cut off at the firewall.")


def test_the_worst_that_is_open_comes_first(analyst):
    analyst.go(f"{QUEUE}?status__exact=OPEN")

    rows = analyst.page.locator("#result_list tbody tr").all()
    severities = [row.locator(".badge").first.inner_text() for row in rows]
    assert severities[0] == "Critical"
    assert severities == sorted(severities, key=["Critical", "High"].index)


def test_a_filter_sticks(admin):
    admin.go(f"{QUEUE}?status__exact=RESOLVED")
    admin.go("/admin/")
    admin.page.get_by_role("navigation", name="Pages").get_by_role("link", name="Alerts").click()

    expect(admin.page.get_by_role("row").filter(has_text="Resolved").first).to_be_visible()
    admin.go(f"{QUEUE}?status__exact=OPEN")


def test_several_are_resolved_with_one_note(admin):
    admin.go(QUEUE)
    for text in (SAMBA, "/etc/redis/redis.conf"):
        admin.page.get_by_role("row").filter(has_text=text).get_by_role("checkbox").check()
    admin.page.get_by_label("Note").fill("Wanted, OPS-2203.")
    admin.page.get_by_role("button", name="Resolve").click()

    expect(admin.page.get_by_role("row").filter(has_text=SAMBA)).to_have_count(0)
    admin.go(f"{QUEUE}?status__exact=RESOLVED")
    admin.page.get_by_role("row").filter(has_text=SAMBA).get_by_role("link").first.click()
    expect(history(admin).last).to_contain_text("Wanted, OPS-2203.")


def test_the_keyboard_is_enough(admin):
    admin.go(f"{QUEUE}?q=sshd_config")
    press = admin.page.keyboard.press

    press("j")
    press("Enter")
    expect(admin.page.get_by_role("heading", name="History")).to_be_visible()
    press("n")
    admin.page.keyboard.type("Put back from Ansible.")
    press("Escape")
    with admin.page.expect_navigation():
        press("a")

    find(admin, SSHD)
    expect(history(admin).last).to_contain_text("Put back from Ansible.")


def test_an_alert_leads_to_the_diffs_around_it(analyst):
    find(analyst, SHELL)

    around = analyst.page.get_by_role("region", name="around")
    around.get_by_role("link", name="/var/www/shop/src/Checkout/Controller.php").first.click()

    diff = analyst.page.get_by_role("region", name="Diff")
    expect(diff).to_contain_text("+            @include")


def test_times_are_the_viewers(take_seat):
    seat = take_seat("analyst", timezone_id="Asia/Tokyo")
    find(seat, SHELL)

    expect(seat.page.get_by_text("Asia/Tokyo")).to_be_visible()
    moment = history(seat).first.locator("time")
    shown, exact = moment.inner_text(), moment.get_attribute("datetime")
    there = seat.page.evaluate(
        "(text) => new Date(text).toLocaleTimeString('en-GB', {timeZone: 'Asia/Tokyo'})", exact
    )
    assert there in shown


def test_an_analyst_reads_and_changes_nothing(analyst):
    find(analyst, SSHD)

    expect(analyst.page.get_by_role("button", name="Acknowledge")).to_have_count(0)
    expect(analyst.page.get_by_role("button", name="Resolve")).to_have_count(0)
