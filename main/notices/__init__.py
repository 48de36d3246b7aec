"""Mails about codes that end, wishes for more time, and the calendar. An app of its own, which may be left out."""
