#!/usr/bin/env python
"""Run Picket's management commands."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    # Databases, dumps and archives hold what other users of the machine are not to read.
    os.umask(0o077)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    execute_from_command_line(sys.argv)
