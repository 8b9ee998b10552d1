"""The WSGI application that gunicorn serves."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.utils.module_loading import import_string

from config.serving.bodies import drop_bodies_of_head, read_chunked_bodies

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

django_application = get_wsgi_application()
fast_path = import_string(settings.FAST_PATH)

application = drop_bodies_of_head(read_chunked_bodies(fast_path(django_application)))
