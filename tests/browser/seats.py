"""Somebody before a browser: the page that is open, and what is noticed beside it."""

from dataclasses import dataclass

from playwright.sync_api import Page

from tests.browser.witness import Witness
from tests.node import Node

SERIOUS = ("serious", "critical")
# Its preload would put styles into the page, which the policy stops.
RUN_AXE = """(only) => axe
  .run(document, {preload: false, ...(only ? {runOnly: only} : {})})
  .then((done) => done.violations)"""


@dataclass
class Seat:
    node: Node
    page: Page
    witness: Witness

    def go(self, path):
        """Open a page; return the answer's status."""
        return self.page.goto(path).status

    def sign_in(self, username, password):
        self.go("/admin/")
        self.page.get_by_label("User name").fill(username)
        self.page.get_by_label("Password").fill(password)
        self.page.keyboard.press("Enter")
        self.page.get_by_role("button", name="Sign out").wait_for()

    def post_sign_in(self, username, password):
        """The same, quickly: without the pages."""
        context = self.page.context
        context.request.get("/admin/login/")
        token = next(each["value"] for each in context.cookies() if each["name"] == "csrftoken")
        form = {"username": username, "password": password, "csrfmiddlewaretoken": token}
        answer = context.request.post("/admin/login/", form=form, max_redirects=0)
        assert answer.status == 302, answer.text()

    def barriers(self, axe, *, only=None):
        """Return what axe-core finds in the page that keeps people out, with an example each."""
        self.page.evaluate(axe)
        return [
            f"{self.page.url} {found['id']}: {found['nodes'][0]['html'][:200]}"
            f" {found['nodes'][0].get('failureSummary', '')[:300]}"
            for found in self.page.evaluate(RUN_AXE, only)
            if found["impact"] in SERIOUS
        ]
