"""What notices add to `manage.py demo`: one mail in the terminal, one wish in the admin."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.contrib.auth import get_user_model
from django.utils import timezone

from main.accounts.users import address_of
from main.models import ReferralCode, UserProfile
from main.notices import people, wishes
from main.notices.contents import preview


def add(agent: str, write: Callable[[str], object]) -> None:
    """Print the mail that the agent who signs in as `agent` would get now, and let another agent ask for more time."""
    since = timezone.now() - timedelta(days=3)  # as if notices had been sent since then
    profile = UserProfile.objects.select_related("user").get(**{f"user__{get_user_model().USERNAME_FIELD}": agent})
    people.made_preferences([profile.user_id])  # so that the link in the mail leads somewhere
    for address, letter in preview(since):
        if address == address_of(profile.user):
            write(f"\nWhat `send_notices` would mail to {profile}:\n\nSubject: {letter.subject}\n\n{letter.text}")
    soon = ReferralCode.objects.in_state(ReferralCode.State.ENDS_SOON).exclude(agent=None).exclude(agent=profile)
    code = soon.order_by("expires_at").first()
    if code and code.agent:
        wishes.ask(code, code.agent, "My customers come back in spring: may it go on until then?")
        write(f"{code.agent} asks for more time for {code}: staff see it on the front page of the admin.")
