"""The WSGI application that gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

from config.serving.bodies import read_chunked_bodies
from config.serving.no_body import drop_bodies_of_head

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

django_application = get_wsgi_application()

from fim.ingest.front import Front  # noqa: E402  (needs the settings)

application = drop_bodies_of_head(read_chunked_bodies(Front(django_application)))
