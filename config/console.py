"""The console's own site: its name, and what the first page says."""

from django.contrib.admin import AdminSite


class Console(AdminSite):
    site_header = "Picket"
    site_title = "Picket"
    index_title = "Console"
    # The node's first page is the console itself.
    site_url = None
