"""Somebody before a browser: the page that is open, and what is noticed beside it."""

from dataclasses import dataclass

from playwright.sync_api import Page

from tests.browser.witness import Witness
from tests.node import Node

# Rules of WCAG 2.2 to level AA, and what axe-core's makers hold for good practice.
SERIOUS = ("serious", "critical")
RUN_AXE = "(only) => axe.run(document, only ? {runOnly: only} : {}).then((done) => done.violations)"


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

    def barriers(self, axe, *, only=None):
        """Return what axe-core finds in the page that keeps people out, with an example each."""
        self.page.evaluate(axe)
        return [
            f"{self.page.url} {found['id']}: {found['nodes'][0]['html'][:200]}"
            f" {found['nodes'][0].get('failureSummary', '')[:300]}"
            for found in self.page.evaluate(RUN_AXE, only)
            if found["impact"] in SERIOUS
        ]
