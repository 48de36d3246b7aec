"""Who wants which mail, what was mailed and told, wishes for more time, and keys of calendars."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from main.codes.text import OneLineField
from main.codes.wording import day_in_words, in_words
from main.models import ReferralCode, UserProfile

WISH_LASTS = timedelta(days=30)


class SwitchedOn(models.Model):
    """The one row that says since when notices are sent. What ended earlier is never told."""

    at = models.DateTimeField(_("since"))

    class Meta:
        verbose_name = _("start of the notices")
        verbose_name_plural = _("start of the notices")

    def __str__(self) -> str:
        return gettext("since %(instant)s") % {"instant": in_words(self.at)}


class Preference(models.Model):
    """Which mails a person wants, and where they cannot go. Made when first needed; without it the defaults hold."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notice_preference", verbose_name=_("user")
    )
    # In the links of mails, in place of anything that names the person.
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    wants_mail = models.BooleanField(_("mail about one's own codes"), default=True)
    # Days before the end of a code; null: those of the project.
    days = models.JSONField(_("days"), null=True, blank=True)
    wants_summary = models.BooleanField(_("summary of all codes, for staff"), default=False)
    # The address that a mail server refused for good. Another address of the same person is tried again.
    refused_address = models.CharField(max_length=254, blank=True, editable=False)
    refusal = models.TextField(blank=True, editable=False)
    refused_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("preference")
        verbose_name_plural = _("preferences")

    def __str__(self) -> str:
        return gettext("mail for %(user)s") % {"user": self.user}


class Notice(models.Model):
    """A mail: a row before it is given to the mail server, marked when the server has answered."""

    class Kind(models.TextChoices):
        AGENT = "agent", _("to an agent")
        STAFF = "staff", _("summary for staff")
        OPERATORS = "operators", _("to the operators")

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("notice", "waits")
        SENDING = "sending", _("no answer yet")
        SENT = "sent", pgettext_lazy("notice", "Sent")
        REFUSED = "refused", pgettext_lazy("notice", "Refused")
        LAPSED = "lapsed", _("nothing left to say")

    kind = models.CharField(_("kind"), max_length=9, choices=Kind)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices", null=True, editable=False,
        verbose_name=_("user"),
    )  # fmt: skip
    day = models.DateField(_("day"), help_text=_("In the person's time zone: at most one notice a day."))
    # Translators: the header of a mail, which has no other name in most languages
    message_id = models.CharField(_("Message-ID"), max_length=255, unique=True)
    state = models.CharField(_("state"), max_length=7, choices=State)
    # Who sends it now, and until when nobody else may.
    claim = models.UUIDField(null=True, editable=False)
    claimed_until = models.DateTimeField(null=True, editable=False)
    made_at = models.DateTimeField(pgettext_lazy("notice", "made"))
    sent_at = models.DateTimeField(pgettext_lazy("notice", "sent"), null=True)
    address = models.TextField(_("address"), blank=True)
    tries = models.PositiveIntegerField(_("tries"), default=0)
    error = models.TextField(_("what the mail server said"), blank=True)

    OPEN = [State.WAITING, State.SENDING]

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ["-id"]
        constraints = [
            # Those to the operators have no user, and do not count as equal.
            models.UniqueConstraint(fields=["kind", "user", "day"], name="notice_once_a_day"),
            models.UniqueConstraint(
                fields=["kind", "user"], condition=Q(state__in=["waiting", "sending"]), name="notice_one_open"
            ),
            models.UniqueConstraint(
                fields=["kind"], condition=Q(state__in=["waiting", "sending"], user=None), name="notice_to_operators"
            ),
        ]
        indexes = [models.Index(fields=["claim"], condition=Q(claim__isnull=False), name="notice_claimed")]

    def __str__(self) -> str:
        return gettext("notice %(number)s of %(day)s") % {"number": self.pk, "day": day_in_words(self.day)}


class Told(models.Model):
    """What a notice said of a code. The latest row of a code is what its agent knows of it."""

    class Kind(models.TextChoices):
        STOPPING = "stopping", _("stops soon")
        ENDED = "ended", _("has ended")
        RESTORED = "restored", _("works again")

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="told", verbose_name=_("notice"))
    code = models.ForeignKey(ReferralCode, on_delete=models.CASCADE, related_name="+", verbose_name=_("code"))
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    ends_at = models.DateTimeField(_("date of the code as it was told"), null=True)
    told_at = models.DateTimeField(_("told"))

    class Meta:
        verbose_name = _("what a notice said")
        verbose_name_plural = _("what notices said")
        ordering = ["id"]
        indexes = [models.Index(fields=["code", "-id"], name="told_of_code")]

    def __str__(self) -> str:
        return f"{self.code}: {self.get_kind_display()}"


class Alarm(models.Model):
    """A problem that the operators were told of and that has not ended since."""

    class Problem(models.TextChoices):
        RUN_FAILED = "run_failed", _("The last sweep did not complete.")
        NO_RUN = "no_run", _("No sweep has completed for too long.")
        NOT_SENT = "not_sent", _("Some notices could not be sent.")

    problem = models.CharField(_("problem"), max_length=10, choices=Problem, unique=True)
    told_at = models.DateTimeField(_("told"))

    class Meta:
        verbose_name = _("alarm")
        verbose_name_plural = _("alarms")

    def __str__(self) -> str:
        return self.get_problem_display()


class WishQuerySet(models.QuerySet["Wish"]):
    """Wishes, oldest first."""

    def outdated(self) -> Self:
        """Open wishes that nobody needs to answer: the code was given a later date, or none."""
        later = Q(code__expires_at__gt=F("ends_at")) | Q(code__expires_at__isnull=True)
        return self.filter(later, state=Wish.State.OPEN)

    def too_old(self) -> Self:
        """Open wishes that have waited for longer than WISH_LASTS."""
        return self.filter(state=Wish.State.OPEN, asked_at__lte=timezone.now() - WISH_LASTS)

    def waiting(self) -> Self:
        """Open wishes that staff can answer."""
        newest = timezone.now() - WISH_LASTS
        return self.filter(state=Wish.State.OPEN, code__expires_at__lte=F("ends_at"), asked_at__gt=newest)


class Wish(models.Model):
    """An agent asks for more time for one code."""

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("wish", "waits")
        GRANTED = "granted", pgettext_lazy("wish", "yes")
        DECLINED = "declined", pgettext_lazy("wish", "no")
        OVERTAKEN = "overtaken", _("extended otherwise")
        LAPSED = "lapsed", _("not answered")

    code = models.ForeignKey(ReferralCode, on_delete=models.CASCADE, related_name="wishes", verbose_name=_("code"))
    agent = models.ForeignKey(UserProfile, on_delete=models.CASCADE, related_name="+", verbose_name=_("agent"))
    sentence = OneLineField(_("why"), max_length=300)
    asked_at = models.DateTimeField(pgettext_lazy("wish", "asked"))
    # The code's date at that time: a later one since then fulfils the wish.
    ends_at = models.DateTimeField(_("date of the code then"))
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.OPEN)
    days = models.PositiveIntegerField(_("days"), null=True)
    answer = OneLineField(_("answer"), max_length=300, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, related_name="+", null=True, editable=False
    )
    answered_at = models.DateTimeField(pgettext_lazy("wish", "answered"), null=True)
    # The mail that told the agent of the answer.
    told_in = models.ForeignKey(Notice, on_delete=models.SET_NULL, related_name="wishes", null=True, editable=False)

    objects = WishQuerySet.as_manager()

    class Meta:
        verbose_name = _("wish")
        verbose_name_plural = _("wishes")
        ordering = ["asked_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["code"], condition=Q(state="open"), name="wish_one_open"),
        ]

    def __str__(self) -> str:
        return gettext("more time for %(code)s") % {"code": self.code}


class CalendarKey(models.Model):
    """The secret in the address of a person's calendar, as a hash: nobody can read the address here."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="calendar_key", verbose_name=_("user")
    )
    hashed = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField(pgettext_lazy("calendar key", "made"))

    class Meta:
        verbose_name = _("calendar key")
        verbose_name_plural = _("calendar keys")

    def __str__(self) -> str:
        return gettext("calendar of %(user)s") % {"user": self.user}
