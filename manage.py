#!/usr/bin/env python
"""Django's command line for this project."""

import os
import sys
from datetime import UTC, datetime
from io import TextIOWrapper

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import OperationalError

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "knossos.settings")
    # Names may be in any script. If the terminal or file cannot show a letter, its escape is printed instead.
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        execute_from_command_line(sys.argv)
    except KeyboardInterrupt:
        sys.exit("Stopped by Ctrl-C.")
    except OperationalError as error:  # of a command that does not say it in words itself, such as `migrate`
        if "--traceback" in sys.argv:
            raise
        from main.sweep.errors import explain  # needs the settings

        sys.exit(f"CommandError: {explain(error)}")
    except ImproperlyConfigured as error:
        # In the log of a scheduler too. Without settings there is no time zone, so the time is in UTC.
        time = f"{datetime.now(UTC).isoformat(sep=' ', timespec='seconds')} " if "--timestamps" in sys.argv else ""
        sys.exit(f"{time}The settings are wrong: {error}")
    except BrokenPipeError:  # the reader has closed the pipe, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that Python's flush at exit does not fail
        sys.exit(1)
