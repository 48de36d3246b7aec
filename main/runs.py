"""The model of the ledger. Import it from main.models."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone


class ExpirationRunQuerySet(models.QuerySet["ExpirationRun"]):
    """The ledger, latest first."""

    def sweeps(self) -> Self:
        """The runs over all codes, without undos and without those in which staff ended chosen codes."""
        return self.filter(undo_of__isnull=True).exclude(started_by=ExpirationRun.StartedBy.ADMIN)


class ExpirationRun(models.Model):
    """One line of the ledger: a sweep, or the undo of one; when, up to which instant, by whom, how it ended.

    Its codes are those that it was the last run to change.
    """

    class State(models.TextChoices):
        RUNNING = "running"
        COMPLETED = "completed"
        FAILED = "failed"
        INTERRUPTED = "interrupted"
        UNDONE = "undone"

    class StartedBy(models.TextChoices):
        COMMAND = "command"
        TASK = "task"
        ADMIN = "admin"
        SHELL = "shell"

    started_at = models.DateTimeField("started")
    ended_at = models.DateTimeField("ended", null=True)
    last_sign_of_life = models.DateTimeField()
    cutoff = models.DateTimeField(help_text="Codes whose date is this instant or earlier were expired.")
    started_by = models.CharField(max_length=8, choices=StartedBy)
    host = models.CharField(max_length=255)
    pid = models.PositiveIntegerField("process")
    state = models.CharField(max_length=11, choices=State, default=State.RUNNING)
    expired_count = models.PositiveIntegerField("codes expired", default=0)
    undo_of = models.ForeignKey("self", on_delete=models.PROTECT, related_name="undos", null=True, editable=False)
    restored_count = models.PositiveIntegerField("codes put back", default=0, db_default=0)
    error = models.TextField(blank=True)
    warning = models.TextField(blank=True)

    objects = ExpirationRunQuerySet.as_manager()

    class Meta:
        get_latest_by = "started_at"
        ordering = ["-id"]
        # Each sweep looks for runs that never ended, in a ledger that only grows.
        indexes = [models.Index(fields=["id"], condition=Q(state="running"), name="expirationrun_running")]

    def __str__(self) -> str:
        return f"run {self.pk} of {timezone.localtime(self.started_at):%Y-%m-%d %H:%M %Z}"
