"""A person who edits while sweeps run: `python -m tests.breakage.people FIRST LAST`, in a process of its own."""

import os
import random
import sys
from datetime import timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "knossos.settings")
django.setup()

from django.utils import timezone  # noqa: E402 - the models need the settings

from main.models import ReferralCode  # noqa: E402

EDITED = 77  # percent: how an edit is told from what was seeded


def edit(numbers):
    """Extend, switch off or delete the codes C-number, a third each, as a form does: read, change, save."""
    for number in numbers:
        code = ReferralCode.objects.get(code=f"C-{number}")
        code.discount = EDITED
        if number % 3 == 0:
            code.status, code.expires_at = code.Status.ACTIVE, timezone.now() + timedelta(days=30)
            code.save()
        elif number % 3 == 1:
            code.status = code.Status.INACTIVE
            code.save()
        else:
            code.delete()


if __name__ == "__main__":
    print("ready", flush=True)  # noqa: T201 - the test waits for it
    sys.stdin.readline()
    numbers = list(range(int(sys.argv[1]), int(sys.argv[2]) + 1))
    random.Random(1).shuffle(numbers)
    edit(numbers)
