"""A node with the demo's data, a headless Chromium, and people who sit before it."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.browser import tools
from tests.browser.seats import Seat
from tests.browser.witness import Witness
from tests.node import ADMIN_PASSWORD, ROOT, running_node
from tests.patience import PATIENCE_SECONDS
from tests.provided import one_process_at_a_time

# One of them has early afternoon: there the demo's day is half over, whenever the tests run.
ZONES = (
    "Pacific/Auckland", "Australia/Brisbane", "Asia/Singapore", "Asia/Dhaka", "Asia/Dubai",
    "Europe/Istanbul", "Europe/Berlin", "UTC", "America/Sao_Paulo", "America/New_York",
    "America/Denver", "America/Los_Angeles", "Pacific/Honolulu", "Pacific/Pago_Pago",
)  # fmt: skip
AFTERNOON = 14
MAX_MILLISECONDS = 1000 * PATIENCE_SECONDS

# The pages are the same on both databases; what differs is proven once, by a whole journey.
collect_ignore = []
if os.environ.get("DATABASE_URL", "").startswith("postgres"):
    collect_ignore = [
        path.name
        for path in sorted(os.scandir(os.path.dirname(__file__)), key=lambda entry: entry.name)
        if path.name.startswith("test_") and path.name != "test_alerts.py"
    ]


def zone_with_afternoon():
    now = datetime.now(UTC)
    hours = {name: now.astimezone(ZoneInfo(name)).hour for name in ZONES}
    return min(ZONES, key=lambda name: abs(hours[name] - AFTERNOON))


@pytest.fixture(scope="session")
def static_root(tmp_path_factory, worker_id):
    """The console's files, collected once for all processes of a test run."""
    base = tmp_path_factory.getbasetemp()
    directory = (base if worker_id == "master" else base.parent) / "collected"
    env = {"PATH": os.environ["PATH"], "VAR_DIR": str(directory / "var"), "ENV_FILE": os.devnull}
    with one_process_at_a_time():
        if not directory.exists():
            subprocess.run(
                [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"],
                cwd=ROOT,
                env=env | {"STATIC_ROOT": str(directory / "static")},
                check=True,
                timeout=300,
            )
    return directory / "static"


@pytest.fixture(scope="session")
def node(tmp_path_factory, static_root):
    env = {
        "DEMO_PASSWORD": ADMIN_PASSWORD,
        "NODE_NAME": "demo",
        "TIME_ZONE": zone_with_afternoon(),
        "STATIC_ROOT": str(static_root),
    }
    with running_node(tmp_path_factory.mktemp("demo"), prepared_by=["demo"], **env) as node:
        yield node


@pytest.fixture(scope="package")
def chromium():
    # Ended with the package: while it runs, Django takes this thread for an asynchronous one.
    expect.set_options(timeout=MAX_MILLISECONDS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=tools.chromium(), args=list(tools.FLAGS)
        )
        yield browser
        browser.close()


@pytest.fixture
def take_seat(chromium, node):
    """Return a function that gives someone a fresh browser; afterwards nothing may be wrong."""
    seats = []

    def take(username=None, **options):
        context = chromium.new_context(
            base_url=node.url,
            **{"timezone_id": node.env["TIME_ZONE"], "locale": "en-GB"} | options,
        )
        context.set_default_timeout(MAX_MILLISECONDS)
        seat = Seat(node, context.new_page(), Witness(context, node.url))
        seats.append(seat)
        if username:
            seat.post_sign_in(username, ADMIN_PASSWORD)
        return seat

    yield take
    for seat in seats:
        seat.page.context.close()
    for seat in seats:
        seat.witness.assert_nothing_wrong()


@pytest.fixture
def analyst(take_seat):
    return take_seat("analyst")


@pytest.fixture
def admin(take_seat):
    return take_seat("admin")
