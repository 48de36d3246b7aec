"""Who can be sent mail, and wants it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from main.accounts.choices import reader_of
from main.models import ReferralCode, UserProfile
from main.notices import outbox
from main.notices.models import Notice, Preference


def reachable() -> Q:
    """Of a user: may sign in, has an address, and no mail server has refused this address for good."""
    field = get_user_model().get_email_field_name()
    not_refused = (
        Q(notice_preference=None)
        | Q(notice_preference__refused_address="")
        | ~Q(notice_preference__refused_address=F(field))
    )
    return Q(is_active=True) & ~Q(**{field: ""}) & Q(**{f"{field}__isnull": False}) & not_refused


def agents() -> Any:
    """The profiles of people with codes who can be sent mail and have not said that they want none."""
    users = get_user_model()._default_manager.filter(reachable()).exclude(notice_preference__wants_mail=False)
    has_codes = Exists(ReferralCode.objects.filter(agent=OuterRef("pk")))
    return UserProfile.objects.filter(has_codes, user__in=users).select_related("user__personal_choice").order_by("pk")


def readers_of_the_summary() -> list[Any]:
    """The staff who asked for the summary and may see the codes."""
    staff = get_user_model()._default_manager.filter(reachable(), is_staff=True, notice_preference__wants_summary=True)
    readers = staff.select_related("personal_choice").order_by("pk")
    return [user for user in readers if user.has_perm("main.view_referralcode")]


def preferences_of(user_ids: Iterable[int]) -> dict[int, Preference]:
    """The preferences of those of these users who have any, by user."""
    return {preference.user_id: preference for preference in Preference.objects.filter(user__in=list(user_ids))}


def made_preferences(user_ids: Iterable[int]) -> dict[int, Preference]:
    """The preferences of these users, by user; made for those who have none yet."""
    found = preferences_of(user_ids)
    if missing := [pk for pk in user_ids if pk not in found]:
        Preference.objects.bulk_create([Preference(user_id=pk) for pk in missing], ignore_conflicts=True)
        found |= preferences_of(missing)
    return found


def days_of_people(users: Iterable[Any], now: datetime) -> dict[int, date]:
    """The present day of each of these users, in that person's zone; by user."""
    return {user.pk: timezone.localdate(now, reader_of(user).zone) for user in users}


def lapse_for_the_absent() -> None:
    """Close the notices that wait for people who want no mail any more, or can get none."""
    for kind, present in (
        (Notice.Kind.AGENT, agents().values("user")),
        (Notice.Kind.STAFF, [user.pk for user in readers_of_the_summary()]),
    ):
        outbox.lapse(Notice.objects.filter(kind=kind).exclude(user__in=present))
