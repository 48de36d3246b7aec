"""Agents, the ledger of runs, referral codes, and the one rule that says when a code works."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import chain
from typing import Any, Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import Q
from django.db.models.expressions import Combinable
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from main.codes.dates import validate_year
from main.codes.folding import FoldedField, FoldingQuerySet
from main.codes.lookalikes import LookupKey, lookup_key
from main.codes.proposing import proposals
from main.codes.text import LONGEST_CODE, OneLineField, validate_code

ENDS_SOON = timedelta(days=7)


class UserProfile(models.Model):
    """A person who signs in. While `user.is_active` is false, an agent is switched off: its codes do not work."""

    class Role(models.TextChoices):
        AGENT = "agent", _("Agent")
        CLIENT = "client", _("Client")

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="profile", verbose_name=_("user")
    )
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.CLIENT)
    name = OneLineField(_("name"), max_length=150)
    folded_name = FoldedField(of="name")

    objects = FoldingQuerySet["UserProfile"].as_manager()

    class Meta:
        verbose_name = _("agent or client")
        verbose_name_plural = _("agents and clients")

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, update_fields: Any = None, **kwargs: Any) -> None:
        """Save as Django does, with the folded name where the name is saved."""
        if update_fields and "name" in update_fields:
            update_fields = {*update_fields, "folded_name"}
        super().save(*args, update_fields=update_fields, **kwargs)


class PersonalChoice(models.Model):
    """The language and the time zone that a person has chosen, for pages and mails; each may be empty.

    Staff have them too, so they are not in the profile. What was only seen, on the page of the first sign-in, is for
    mails alone. `main.accounts.choices` reads and writes them.
    """

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="personal_choice")
    language = models.CharField(max_length=35, blank=True)
    zone = models.CharField(max_length=64, blank=True)
    seen_language = models.CharField(max_length=35, blank=True)
    seen_zone = models.CharField(max_length=64, blank=True)

    class Meta:
        default_permissions = ()  # it is on no page of the admin: everybody writes the own one

    def __str__(self) -> str:
        return f"{self.language} {self.zone}".strip()


class ExpirationRunQuerySet(models.QuerySet["ExpirationRun"]):
    """The ledger, latest first."""

    def sweeps(self) -> Self:
        """The runs over all codes: without undos, and without the runs in which staff ended chosen codes."""
        return self.filter(undo_of__isnull=True).exclude(started_by=ExpirationRun.StartedBy.ADMIN)


class ExpirationRun(models.Model):
    """One row of the ledger: a sweep, or the undo of a sweep. It says when, by whom, with which cutoff, how it ended.

    Its list never gets shorter: `codes` are those that it was the last to expire or put back, and `former_codes` those
    that another run, an undo or a save has taken over since. `main.sweep.lists` reads both.
    """

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        COMPLETED = "completed", _("Completed")
        FAILED = "failed", _("Failed")
        INTERRUPTED = "interrupted", _("Interrupted")
        UNDONE = "undone", _("Undone")

    class StartedBy(models.TextChoices):
        COMMAND = "command", _("Command")
        # Translators: a task of Celery, which starts the sweep at night.
        TASK = "task", _("Task")
        ADMIN = "admin", _("Admin")
        # Translators: the Python shell.
        SHELL = "shell", _("Shell")

    started_at = models.DateTimeField(_("started"))
    ended_at = models.DateTimeField(_("ended"), null=True)
    last_sign_of_life = models.DateTimeField()
    # The codes that the run marked up to this instant are in the log. Later ones may be missing if its process died.
    announced_until = models.DateTimeField(null=True, editable=False)
    cutoff = models.DateTimeField(
        _("cutoff"), help_text=_("Codes whose date is this instant or earlier were expired.")
    )
    started_by = models.CharField(_("started by"), max_length=8, choices=StartedBy)
    # The person who started it in the admin. The name stays when the account is deleted.
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, related_name="+", null=True, editable=False
    )
    person_name = models.CharField(_("person"), max_length=255, blank=True, default="", db_default="")
    host = models.CharField(max_length=255)
    pid = models.PositiveIntegerField(_("process"))
    state = models.CharField(_("state"), max_length=11, choices=State, default=State.RUNNING)
    expired_count = models.PositiveIntegerField(_("codes expired"), default=0)
    undo_of = models.ForeignKey("self", on_delete=models.PROTECT, related_name="undos", null=True, editable=False)
    restored_count = models.PositiveIntegerField(_("codes put back"), default=0, db_default=0)
    error = models.TextField(_("error"), blank=True)
    warning = models.TextField(_("warning"), blank=True)

    objects = ExpirationRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("expiration run")
        verbose_name_plural = _("expiration runs")
        get_latest_by = "started_at"
        ordering = ["-id"]
        # Each sweep looks for runs that never ended, and the ledger only grows.
        indexes = [models.Index(fields=["id"], condition=Q(state="running"), name="expirationrun_running")]

    def __str__(self) -> str:
        started = date_format(timezone.localtime(self.started_at), "DATETIME_FORMAT")
        return gettext("run %(run)d of %(started)s") % {"run": self.pk, "started": started}


class ReferralCodeQuerySet(models.QuerySet["ReferralCode"]):
    """THE RULE, in SQL; `ReferralCode` says the same of one code in memory.

    A code is expired when `expires_at <= now`; a code without a date never expires. Each method takes the instant
    `now` as an aware datetime in any time zone; the default is the present.
    """

    def expired(self, now: datetime | Combinable | None = None) -> Self:
        """Codes past their date, whatever their status. `now` may be an instant that the database computes."""
        return self.filter(self._past(now))

    def unexpired(self, now: datetime | None = None) -> Self:
        """Codes that have not reached their date, or have none."""
        return self.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=now or timezone.now()))

    def overdue(self, now: datetime | None = None) -> Self:
        """Codes past their date whose stored status is still active: what a sweep would expire."""
        return self.expired(now).filter(status=ReferralCode.Status.ACTIVE)

    def usable(self, now: datetime | None = None) -> Self:
        """Codes that work: active, not expired, and either a house code or the code of an agent who can sign in.

        >>> ReferralCode.objects.usable().with_code("johns-20").first()
        """
        return self.unexpired(now).of_active_agents().filter(status=ReferralCode.Status.ACTIVE)

    def of_active_agents(self) -> Self:
        """Codes of the house, and of agents who can sign in."""
        return self.filter(Q(agent__isnull=True) | Q(agent__user__is_active=True))

    def unusable(self, now: datetime | None = None) -> Self:
        """Codes that do not work: all that `usable` leaves out, written so that the database can use its indexes."""
        # Agents are few and looked for once. A join would be made for millions of codes before they are sorted.
        away = Q(agent__in=UserProfile.objects.filter(user__is_active=False))
        return self.filter(self._past(now) | Q(status=ReferralCode.Status.INACTIVE) | away)

    @staticmethod
    def _past(now: datetime | Combinable | None) -> Q:
        return Q(expires_at__lte=now or timezone.now())

    def in_state(self, state: ReferralCode.State, now: datetime | None = None) -> Self:
        """Codes for which `ReferralCode.state(now)` is `state`."""
        now = now or timezone.now()
        inactive = Q(status=ReferralCode.Status.INACTIVE)
        states = {
            ReferralCode.State.ACTIVE: self.usable(now).unexpired(now + ENDS_SOON),
            ReferralCode.State.ENDS_SOON: self.usable(now).expired(now + ENDS_SOON),
            ReferralCode.State.OVERDUE: self.overdue(now),
            ReferralCode.State.EXPIRED: self.expired(now).filter(inactive),
            ReferralCode.State.SWITCHED_OFF: self.unexpired(now).filter(inactive),
            ReferralCode.State.AGENT_INACTIVE: self.unexpired(now).filter(~inactive, agent__user__is_active=False),
        }
        return states[state]

    def with_code(self, *codes: str) -> Self:
        """The stored codes that look the same as one of `codes`: at most one for each. See `main.codes.lookalikes`."""
        return self.filter(lookup_key__in={key for key in map(lookup_key, codes) if key})

    def with_key(self, key: str) -> Self:
        """The code with this `lookup_key`, or none."""
        return self.filter(lookup_key=key)


class CodeImport(models.Model):
    """One line of the ledger of imports: which file, when, by whom. Written with its codes, in one transaction."""

    MANY = "many at once: "  # the beginning of `file_name`, before a pattern, where the codes came from no file

    # The codes bear this instant as that of their last edit: one with a later one was edited since.
    imported_at = models.DateTimeField(_("imported"))
    person = models.CharField(_("imported by"), max_length=255)
    file_name = models.CharField(_("file"), max_length=255)
    sha256 = models.CharField(_("SHA-256 of the file"), max_length=64)
    code_count = models.PositiveIntegerField(_("codes"))
    expired_count = models.PositiveIntegerField(_("of them past their date"))
    new_agents = models.ManyToManyField(UserProfile, related_name="+", editable=False)
    undone_at = models.DateTimeField(_("undone"), null=True)

    class Meta:
        verbose_name = _("code import")
        verbose_name_plural = _("code imports")
        ordering = ["-id"]
        indexes = [models.Index(fields=["sha256"], name="codeimport_sha256")]

    def __str__(self) -> str:
        return gettext("import %(number)d of %(file)s") % {"number": self.pk, "file": self.file}

    @property
    def file(self) -> str:
        """The name of the file, or what stands for it in the reader's language where the codes came from none."""
        if self.file_name.startswith(self.MANY):
            return gettext("many at once: %(pattern)s") % {"pattern": self.file_name.removeprefix(self.MANY)}
        return self.file_name


class ReferralCode(models.Model):
    """A code that an agent hands out. Without an agent it is a house code."""

    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        INACTIVE = "inactive", _("Inactive")

    class State(models.TextChoices):
        """What people see. It is computed when it is read, so it is right between two sweeps too."""

        ACTIVE = "active", _("Active")
        ENDS_SOON = "ends_soon", _("Expires soon")
        OVERDUE = "overdue", _("Overdue")
        EXPIRED = "expired", _("Expired")
        SWITCHED_OFF = "switched_off", _("Switched off")
        AGENT_INACTIVE = "agent_inactive", _("Agent inactive")

    code = OneLineField(
        _("code"), max_length=LONGEST_CODE, validators=[validate_code],
        help_text=_("What the customer types at checkout."),
    )  # fmt: skip
    lookup_key = models.GeneratedField(
        expression=LookupKey("code"), output_field=models.CharField(max_length=LONGEST_CODE), db_persist=True
    )
    agent = models.ForeignKey(
        UserProfile, on_delete=models.PROTECT, related_name="referral_codes", null=True, blank=True, db_index=False,
        verbose_name=_("agent"), help_text=_("Empty for a house code."),
    )  # fmt: skip
    discount = models.DecimalField(
        _("discount (%)"), max_digits=5, decimal_places=2, default=0,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )  # fmt: skip
    expires_at = models.DateTimeField(
        _("expires"), null=True, blank=True, validators=[validate_year], help_text=_("Empty: never expires.")
    )
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.ACTIVE)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("last edited"), auto_now=True)
    # When the system marked the code inactive. Null for a code that is active or that a person switched off.
    expired_at = models.DateTimeField(_("marked inactive by the system"), null=True, editable=False)
    # The last run that expired the code or put it back. It stays when the code is extended, so that the ledger can
    # still name the codes of a run. When another run takes its place, the database notes the earlier one (FormerCode).
    expired_by = models.ForeignKey(
        ExpirationRun, on_delete=models.PROTECT, related_name="codes", null=True, editable=False, db_index=False
    )
    imported_by = models.ForeignKey(
        CodeImport, on_delete=models.PROTECT, related_name="codes", null=True, editable=False, db_index=False
    )

    objects = ReferralCodeQuerySet.as_manager()

    class Meta:
        verbose_name = _("referral code")
        verbose_name_plural = _("referral codes")
        permissions = [("export_referralcode", gettext_noop("Can download codes as a file"))]
        constraints = [
            models.UniqueConstraint(
                fields=["lookup_key"], name="referralcode_code_unique",
                violation_error_message=_("This code already exists."),
            ),
            models.CheckConstraint(
                condition=Q(discount__gte=0, discount__lte=100), name="referralcode_discount_percent",
                violation_error_message=_("The discount is a percentage from 0 to 100."),
            ),
            models.CheckConstraint(condition=Q(status__in=["active", "inactive"]), name="referralcode_status_known"),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["expires_at", "id"], condition=Q(status="active"), name="referralcode_overdue"),
            # The years of all codes, and those that end on a day or in a week. If the status were in it, SQLite would
            # look for overdue codes here, among all that have ended.
            models.Index(fields=["expires_at"], name="referralcode_by_date"),
            # The codes of one agent, the latest of them, and those that may work with the next to stop first.
            models.Index(fields=["agent", "id"], name="referralcode_of_agent"),
            models.Index(
                fields=["agent", "expires_at"], condition=Q(status="active"), name="referralcode_agent_active"
            ),
            # The codes of one run, nearly in the order in which the sweep reads them, so a new entry goes to the end.
            models.Index(
                fields=["expired_by", "id"], condition=Q(expired_by__isnull=False), name="referralcode_of_run"
            ),
            models.Index(
                fields=["imported_by", "id"], condition=Q(imported_by__isnull=False), name="referralcode_of_import"
            ),
            # The codes that a save marked, newest first. The sweep adds nothing to it, so it costs the sweep nothing.
            models.Index(
                fields=["-expired_at"], condition=Q(expired_at__isnull=False, expired_by__isnull=True),
                name="referralcode_on_save",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.code

    def save(self, *args: Any, update_fields: Any = None, **kwargs: Any) -> None:
        """Save as Django does. Clear `expired_at` of an active code. Every save counts as an edit (`updated_at`).

        A date that is a text or has no zone becomes an aware datetime in memory, the same as in the database.
        """
        if not hasattr(self.expires_at, "resolve_expression"):
            self.expires_at = self._meta.get_field("expires_at").get_prep_value(self.expires_at)  # type: ignore[union-attr]
        if self.status == self.Status.ACTIVE:
            self.expired_at = None
        if update_fields:
            update_fields = {*update_fields, "expired_at", "updated_at"}
        super().save(*args, update_fields=update_fields, **kwargs)

    @staticmethod
    def generate_unique_code(agent_name: str, discount: Decimal | float) -> str:
        """Return a text that no stored code has: JOHN-20 for John Smith and 20 %, or JOHN-20K7 if that is taken.

        The text is not reserved: somebody else may take it before you store it. `main.codes.creating.create_code`
        then tries again.
        """

        def free(texts: list[str]) -> list[str]:
            taken = set(ReferralCode.objects.with_code(*texts).values_list("lookup_key", flat=True))
            return [text for text in texts if lookup_key(text) not in taken]

        return next(chain.from_iterable(map(free, proposals(agent_name, discount))))

    def check_and_update_expiration(self) -> bool:
        """Mark this stored code inactive if it is overdue, as a save does. Return whether this call marked it.

        The database decides: what an edit or a sweep has written since this code was read is kept, and read again.
        """
        if not self.is_overdue:
            return False
        with transaction.atomic():
            self.refresh_from_db(from_queryset=ReferralCode.objects.select_for_update(no_key=True))
            if not self.is_overdue:
                return False
            self.save(update_fields=["status"])
        return self.status == self.Status.INACTIVE

    @property
    def is_expired(self) -> bool:
        """Whether the code is past its date now."""
        return self.is_expired_at(timezone.now())

    @property
    def is_overdue(self) -> bool:
        """Whether the code is expired now while its status still says active."""
        return self.is_overdue_at(timezone.now())

    @property
    def is_usable(self) -> bool:
        """Whether the code works now."""
        return self.is_usable_at(timezone.now())

    def is_expired_at(self, now: datetime) -> bool:
        """Whether the code is past its date at the aware datetime `now`."""
        # Compared in UTC: Python compares two datetimes of one local zone by their clock time, and on the autumn night
        # one hour comes twice. Only `now` is converted, because a date of year 1, not validated yet, may have no UTC.
        return self.expires_at is not None and self.expires_at <= now.astimezone(UTC)

    def is_overdue_at(self, now: datetime) -> bool:
        """Whether the code is expired at `now` while its status still says active."""
        return self.status == self.Status.ACTIVE and self.is_expired_at(now)

    def is_usable_at(self, now: datetime) -> bool:
        """Whether the code works at `now`."""
        return self.status == self.Status.ACTIVE and not self.is_expired_at(now) and self._agent_can_sign_in()

    def state(self, now: datetime | None = None) -> State:
        """The state of this code at `now`, as people see it. Reads the agent's user from the database."""
        now = now or timezone.now()
        if self.is_expired_at(now):
            return self.State.OVERDUE if self.is_overdue_at(now) else self.State.EXPIRED
        if self.status != self.Status.ACTIVE:
            return self.State.SWITCHED_OFF
        if not self._agent_can_sign_in():
            return self.State.AGENT_INACTIVE
        return self.State.ENDS_SOON if self.is_expired_at(now + ENDS_SOON) else self.State.ACTIVE

    def _agent_can_sign_in(self) -> bool:
        return self.agent is None or self.agent.user.is_active


class FormerCode(models.Model):
    """A code that `run` expired or put back, and that `taken_by`, or a save where this is null, has taken over since.

    A trigger of the database writes it (`main.sweep.triggers`), whoever changes `ReferralCode.expired_by`.
    """

    run = models.ForeignKey(ExpirationRun, on_delete=models.PROTECT, related_name="former_codes", db_index=False)
    code = models.ForeignKey(ReferralCode, on_delete=models.PROTECT, related_name="former_runs")
    expired_at = models.DateTimeField(null=True)  # when `run` expired it, if the code still said so
    taken_by = models.ForeignKey(ExpirationRun, on_delete=models.PROTECT, related_name="+", null=True, db_index=False)

    class Meta:
        # Translators: a code that a run expired, and that another run has taken over since.
        verbose_name = _("former code")
        verbose_name_plural = _("former codes")
        constraints = [models.UniqueConstraint(fields=["run", "code"], name="formercode_once")]

    def __str__(self) -> str:
        return gettext("code %(code)d of run %(run)d") % {"code": self.code_id, "run": self.run_id}
