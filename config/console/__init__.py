"""The console's frame: its site, its lists, how moments stand on a page."""
