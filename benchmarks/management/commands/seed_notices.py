"""Agents with addresses and ten codes each, of which three are to be told: two stop soon, one has ended."""

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from main.models import ReferralCode, UserProfile
from main.notices.models import SwitchedOn

# Days from now to the end of each code of an agent.
ENDS = (5, 20, -2, 40, 50, 60, 70, 80, 90, None)
AT_ONCE = 1000


class Command(BaseCommand):
    help = "Fills an empty database with so many agents, each of whom gets a mail."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("agents", type=int)

    def handle(self, *, agents: int, **options: Any) -> None:
        call_command("migrate", verbosity=0)
        now = timezone.now()
        SwitchedOn.objects.create(pk=1, at=now - timedelta(days=60))
        for start in range(0, agents, AT_ONCE):
            self._make(range(start, min(start + AT_ONCE, agents)))
        ReferralCode.objects.update(created_at=now - timedelta(days=100), updated_at=now - timedelta(days=100))

    def _make(self, numbers: range) -> None:
        now = timezone.now()
        users = User.objects.bulk_create(
            User(username=f"agent{number}", email=f"agent{number}@example.com") for number in numbers
        )
        profiles = UserProfile.objects.bulk_create(
            UserProfile(user=user, name=f"Agent {user.username}", role=UserProfile.Role.AGENT) for user in users
        )
        ReferralCode.objects.bulk_create(
            ReferralCode(
                code=f"CODE-{profile.pk}-{number}", agent=profile, discount=20,
                expires_at=None if days is None else now + timedelta(days=days),
            )
            for profile in profiles
            for number, days in enumerate(ENDS)
        )  # fmt: skip
