"""The floors below Picket: what gunicorn and Django cost when they do next to nothing."""
