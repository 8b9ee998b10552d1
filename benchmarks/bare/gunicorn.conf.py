"""Picket's own gunicorn settings, without the threads that look after hosts and searches."""

import runpy

settings = runpy.run_path("gunicorn.conf.py")
globals().update({name: settings[name] for name in settings if not name.startswith("_")})


def post_worker_init(worker):
    settings["keep_loaded_objects"]()
