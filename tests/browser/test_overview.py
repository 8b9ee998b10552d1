"""The first page: charts that are really drawn, and news that comes by itself."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

# How many pixels of each opaque colour a chart has, commonest first.
COLOURS = """(canvas) => {
  const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const counts = {};
  for (let at = 0; at < data.length; at += 4) {
    if (data[at + 3] < 255) continue;
    const colour = data.slice(at, at + 3).join(" ");
    counts[colour] = (counts[colour] || 0) + 1;
  }
  return Object.values(counts).sort((one, other) => other - one);
}"""
HIDE = """(isHidden) => {
  Object.defineProperty(document, "hidden", {configurable: true, get: () => isHidden});
  document.dispatchEvent(new Event("visibilitychange"));
}"""
SHOWN = """() => {
  const chart = Chart.getChart("trend-chart");
  const names = chart.data.datasets.map((bars) => bars.label);
  return names.filter((_, place) => chart.isDatasetVisible(place));
}"""
FIRST_PAGE = "/admin/"


def drop_shell(node, name):
    log = {"host": "web-2", "path": f"/var/www/{name}.php", "action": "created",
           "category": "malware", "rule": "web-shell-name"}  # fmt: skip
    assert node.request("POST", "/api/ingest/fim/", log)[0] == 201


@pytest.fixture
def live(analyst):
    """The first page, with a clock that the test moves on."""
    analyst.page.clock.install()
    analyst.go(FIRST_PAGE)
    analyst.page.evaluate("window.isSamePage = true")
    return analyst


def test_the_trend_is_drawn(analyst):
    analyst.go(FIRST_PAGE)
    chart = analyst.page.get_by_role("img", name="Stacked bars")

    expect(chart).to_be_visible()
    most, *others = chart.evaluate(COLOURS)
    assert most > 5_000
    assert len([count for count in others if count > 100]) >= 2


@pytest.mark.parametrize("days", [7, 90])
def test_the_trend_has_the_chosen_days(analyst, days):
    analyst.go(FIRST_PAGE)
    analyst.page.get_by_role("link", name=f"{days} days").click()
    analyst.page.get_by_text("As a table").click()

    expect(analyst.page.locator("#trend tbody tr")).to_have_count(days)


def test_a_bar_leads_to_the_logs_of_its_day(analyst):
    analyst.go(FIRST_PAGE)
    chart = analyst.page.get_by_role("img", name="Stacked bars")
    box = chart.bounding_box()

    chart.click(position={"x": box["width"] * 0.55, "y": box["height"] * 0.78})

    expect(analyst.page).to_have_url(re.compile(r"/admin/fim/fimlog/\?.*day.*=\d{4}-\d\d-\d\d"))
    expect(analyst.page.locator("tbody tr").first).to_be_visible()


def test_the_counts_are_those_of_the_reports(analyst):
    status, today = analyst.node.as_admin("GET", "/api/logs/analytics/")
    analyst.go(FIRST_PAGE)

    row = analyst.page.get_by_role("row", name=re.compile("^Normal"))
    assert status == 200
    expect(row.get_by_role("cell").first).to_have_text(f"{today['normal']:,}")


def test_a_new_alert_comes_without_a_page_load(live):
    drop_shell(live.node, "c99-live")
    expect(live.page.get_by_text("/var/www/c99-live.php")).to_have_count(0)

    live.page.clock.fast_forward(timedelta(seconds=20).total_seconds() * 1000)

    expect(live.page.get_by_text("/var/www/c99-live.php")).to_be_visible()
    assert live.page.evaluate("window.isSamePage")


def test_it_rests_while_hidden_and_catches_up_afterwards(live):
    asked = []
    live.page.on("request", lambda request: asked.append(request.url))

    live.page.evaluate(HIDE, True)
    live.page.clock.fast_forward(10 * 60 * 1000)
    live.page.evaluate("fetch('/healthz').then(answer => answer.text())")
    while_hidden = list(asked)
    drop_shell(live.node, "c99-hidden")
    live.page.evaluate(HIDE, False)

    expect(live.page.get_by_text("/var/www/c99-hidden.php")).to_be_visible()
    assert while_hidden == [f"{live.node.url}/healthz"]


def test_it_says_when_the_session_has_ended(live):
    live.page.context.clear_cookies()

    live.page.clock.fast_forward(20 * 1000)

    expect(live.page.get_by_text("Your session has ended")).to_be_visible()
    expect(live.page.get_by_role("link", name="Sign in")).to_be_visible()


def test_normal_logs_can_be_left_out_and_stay_out(live):
    button = live.page.get_by_role("button", name="Without normal")
    button.press("Enter")

    # The chart is drawn anew each minute.
    drop_shell(live.node, "c99-again")
    live.page.clock.fast_forward(61 * 1000)
    expect(live.page.locator("#trend")).to_have_attribute("data-live-shown", re.compile("."))

    expect(button).to_have_attribute("aria-pressed", "true")
    assert live.page.evaluate(SHOWN) == ["Malware", "Danger", "Suspicious"]
