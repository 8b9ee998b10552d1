"""What goes wrong in a page while nobody looks: errors, broken policy, requests to elsewhere."""

from urllib.parse import urlsplit

# Runs before any script of a page, and reports what the Content-Security-Policy stopped.
REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) => {
  window.reportViolation(`${event.violatedDirective} stopped ${event.blockedURI} on ${location}`);
});
"""
LOCAL_SCHEMES = ("data", "blob", "about")
# What a library says of its own way of working.
HARMLESS = ("[ReDoc Compatibility mode]",)


class Witness:
    """Writes down what happens in the pages of one browser context."""

    def __init__(self, context, origin):
        self.origin = urlsplit(origin).netloc
        self.pages = context.pages
        self.errors, self.violations, self.strangers = [], [], []
        context.expose_function("reportViolation", lambda text: self.violations.append(text))
        context.add_init_script(REPORT_VIOLATIONS)
        context.on("console", self._hear)
        context.on("weberror", lambda error: self.errors.append(f"uncaught {error.error}"))
        context.on("request", self._see_request)

    def expect_refusal(self, status):
        """Take note that a page is about to be refused: Chromium tells that as an error."""
        text = f"the server responded with a status of {status}"
        self.errors = [error for error in self.errors if text not in error]

    def forget(self):
        self.errors, self.violations, self.strangers = [], [], []

    def assert_nothing_wrong(self):
        found = [*self.errors, *self.violations, *self.strangers]
        assert found == [], "\n".join(found)

    def _hear(self, message):
        if message.type in ("error", "warning") and not message.text.startswith(HARMLESS):
            self.errors.append(f"{message.type}: {message.text} on {message.page.url}")

    def _see_request(self, request):
        parts = urlsplit(request.url)
        if parts.scheme not in LOCAL_SCHEMES and parts.netloc != self.origin:
            self.strangers.append(f"request to {request.url}")
