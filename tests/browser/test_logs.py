"""A log's way: found by a search, its diff seen, the finds taken home as a file."""

import csv
import json

import pytest
from playwright.sync_api import expect

from fim.demo.routine import hash_of
from fim.demo.story import CHECKOUT

LOGS = "/admin/fim/fimlog/"


def search(seat, text):
    seat.go(LOGS)
    seat.page.get_by_label("Search", exact=True).fill(text)
    seat.page.keyboard.press("Enter")
    seat.page.wait_for_url("**search=**")


def rows(seat):
    return seat.page.locator("#result_list tbody tr")


def exported(seat, name):
    with seat.page.expect_download() as waiting:
        seat.page.get_by_role("link", name=name, exact=True).click()
    return waiting.value.path().read_text()


def test_a_search_leads_to_the_diff(analyst):
    search(analyst, "sshd_config")
    rows(analyst).get_by_role("link", name="/etc/ssh/sshd_config").first.click()

    diff = analyst.page.get_by_role("region", name="Diff")
    expect(diff).to_contain_text("+PermitRootLogin yes")
    added, removed = diff.get_by_text("+PermitRootLogin"), diff.get_by_text("-PermitRootLogin")
    colour = "(line) => getComputedStyle(line).backgroundColor + getComputedStyle(line).color"
    assert added.evaluate(colour) != removed.evaluate(colour)


def test_a_log_shows_what_the_file_was_and_is(analyst):
    search(analyst, "Checkout/Controller.php")
    rows(analyst).filter(has_text="Danger").get_by_role("link").first.click()

    file = analyst.page.get_by_role("region", name="The file")
    expect(file).to_contain_text(hash_of(CHECKOUT, 3))
    expect(file).to_contain_text(hash_of(CHECKOUT, 4))
    others = analyst.page.get_by_role("region", name="Other logs of this path")
    expect(others.get_by_role("row").nth(1)).to_contain_text("root")


def test_facets_narrow_the_list(analyst):
    analyst.go(f"{LOGS}?host=web-3")
    facets = analyst.page.get_by_role("navigation", name="Facets")
    facets.get_by_role("link", name="malware").click()

    expect(rows(analyst).first).to_contain_text("web-3")
    assert {row.locator(".badge").inner_text() for row in rows(analyst).all()} == {"Malware"}


def test_pages_lead_to_older_logs_and_back(analyst):
    analyst.go(LOGS)
    newest = rows(analyst).first.inner_text()

    analyst.page.get_by_role("link", name="Older").click()
    expect(rows(analyst).first).not_to_contain_text(newest.split("\t")[0])
    analyst.page.get_by_role("link", name="Newer").click()

    assert rows(analyst).first.inner_text() == newest


@pytest.fixture
def malware_of_web_3(analyst):
    analyst.go(f"{LOGS}?host=web-3&category=malware")
    return rows(analyst).count()


def test_the_filtered_logs_are_exported_as_csv(analyst, malware_of_web_3):
    table = list(csv.DictReader(exported(analyst, "CSV").splitlines()))

    assert len(table) == malware_of_web_3 > 5
    assert {(row["host"], row["category"]) for row in table} == {("web-3", "malware")}


def test_the_filtered_logs_are_exported_as_ndjson(analyst, malware_of_web_3):
    logs = [json.loads(line) for line in exported(analyst, "NDJSON").splitlines()]

    assert len(logs) == malware_of_web_3
    assert {log["rule"] for log in logs} > {"php_evaluates_decoded_text"}


def test_an_analyst_deletes_nothing(analyst):
    analyst.go(LOGS)

    expect(rows(analyst).first).to_be_visible()
    expect(analyst.page.get_by_role("button", name="Delete")).to_have_count(0)
    expect(analyst.page.get_by_role("checkbox")).to_have_count(0)
