"""`python manage.py demo`: set up, show the sweep, say what to try next."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError
from django.urls import reverse
from django.utils.crypto import get_random_string

from main import conf
from main.demo import demo_loaded
from main.demo.loading import AGENT, STAFF, NotTheDemos, load, sign_in_name
from main.management.output import EnglishCommand
from main.sweep.errors import explain

SERVER = "http://127.0.0.1:8000"  # where runserver listens


class Command(EnglishCommand):
    help = "Fills an empty database with agents and codes to try, and runs the sweep on them. Repeatable."

    def handle(self, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("The demo replaces data and prints a password: it runs only where DEBUG is on.")
        password = get_random_string(12)
        try:
            call_command("migrate", verbosity=0, interactive=False)
            count = load(password)
        except NotTheDemos as error:
            raise CommandError(str(error)) from error
        except DatabaseError as error:
            raise CommandError(explain(error)) from error
        self.stdout.write(f"Loaded {count} referral codes: codes of agents and house codes.")
        for options_of_sweep in (["--dry-run"], []):
            self._show("expire_referral_codes", *options_of_sweep)
        demo_loaded.send(sender=type(self), agent=sign_in_name(AGENT), write=self.stdout.write)
        self.stdout.write(
            f"\nNow start the server, with Ctrl-C to stop it:\n\n  {_typed('runserver')}\n\n"
            "and sign in:\n\n"
            f"  staff: {SERVER}{reverse('admin:index')}  user {sign_in_name(STAFF)}  password {password}\n"
            f"  agent: {SERVER}{reverse('home')}  user {sign_in_name(AGENT)}  password {password}\n"
        )

    def _show(self, *arguments: str) -> None:
        self.stdout.write(f"\n$ {_typed(*arguments)}")
        call_command(*arguments, stdout=self.stdout, stderr=self.stderr)


def _typed(*arguments: str) -> str:
    """The command as a person types it in the current folder, with the Python that runs now."""
    program = [_from_here(Path(sys.executable)), _from_here(conf.manage_py())]
    return subprocess.list2cmdline([*program, *arguments])


def _from_here(path: Path) -> str:
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
