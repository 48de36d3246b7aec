"""What an import did or would do, in words; safe to print."""

from main.codes.percent import percent_in_words
from main.codes.text import visible
from main.codes.wording import in_words
from main.importing.checking import UNREADABLE, Draft
from main.importing.columns import COLUMNS
from main.importing.reading import Source
from main.models import CodeImport, ReferralCode, UserProfile


def columns(source: Source) -> str:
    """One line about the columns that are ignored, and those that they may have been meant for."""
    missing = f" No column is called {' or '.join(source.missing)}." if source.missing else ""
    return visible(f"Ignored columns: {', '.join(source.ignored)}.{missing}")


def accepted(draft: Draft, *, dry_run: bool) -> str:
    """One line about a row that is or would be imported."""
    code = draft.code
    until = f"until {in_words(code.expires_at)}" if code.expires_at else "never expires"
    line = f"line {draft.row.line}: {'would add' if dry_run else 'added'} {visible(code.code)} ({_agent(code)})"
    return f"{line}, {percent_in_words(code.discount)}, {until}{_remark(draft, dry_run)}"


def refused(draft: Draft) -> str:
    """One line with every reason against a row, in the order of the columns."""
    fields = sorted(draft.faults, key=[UNREADABLE, *COLUMNS].index)
    reasons = [(field, message.rstrip(".")) for field in fields for message in draft.faults[field]]
    told = "; ".join(f"{field}: {text}" if field else text for field, text in reasons)
    return visible(f"line {draft.row.line}: refused: {told}")


def imported(entry: CodeImport, agents: int) -> str:
    """The closing line: how many codes were added, how many of them past their date, and how many agents."""
    past = entry.expired_count
    remark = f" ({past} of them past their date and saved as expired)" if past else ""
    new_agents = f", {_counted(agents, 'agent')} created" if agents else ""
    return f"Imported {_counted(entry.code_count, 'code')}{remark}{new_agents}. This is import {entry.pk}."


def imported_before(entry: CodeImport) -> str:
    """Why a file is not imported a second time."""
    return (
        f"Nothing was imported: this file is import {entry.pk}, of {in_words(entry.imported_at)} by {entry.person} "
        f"({_counted(entry.code_count, 'code')}). To import it anew, first run "
        f"`python manage.py undo_import {entry.pk}`."
    )


def undone(entry: CodeImport, codes: int, agents: int, *, dry_run: bool) -> str:
    """What the undo of an import deleted or would delete."""
    also = f" and {_counted(agents, 'agent')} created by it" if agents else ""
    what = f"{_counted(codes, 'code')} of import {entry.pk} ({entry.file_name}){also}"
    return f"[DRY RUN] Would delete {what}. Nothing was written." if dry_run else f"Deleted {what}."


def would_import(codes: int, past: int, agents: int) -> str:
    """The closing line of a dry run."""
    remark = f" ({past} of them past their date, to be saved as expired)" if past else ""
    new_agents = f" and create {_counted(agents, 'agent')}" if agents else ""
    return f"Would import {_counted(codes, 'code')}{remark}{new_agents}. Nothing was written."


def new_agent(agent: UserProfile, *, dry_run: bool) -> str:
    """One line about an agent that is or would be created."""
    if dry_run:
        return f"would create the agent {visible(agent.name)}"
    return f"created the agent {visible(agent.name)}, user {visible(agent.user.get_username())}"


def _agent(code: ReferralCode) -> str:
    if not code.agent:
        return "Agent: none"
    return f"{'Agent' if code.agent.pk else 'new agent'}: {visible(code.agent.name)}"


def _remark(draft: Draft, dry_run: bool) -> str:
    if draft.is_past:
        return f", already past its date: {'would be ' if dry_run else ''}saved as expired"
    return "" if draft.code.status == ReferralCode.Status.ACTIVE else ", inactive"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
