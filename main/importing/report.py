"""What an import did or would do, in words; safe to print."""

from main.codes.percent import percent_in_words
from main.codes.text import visible
from main.codes.wording import in_words
from main.importing.checking import UNREADABLE, Draft
from main.importing.reading import COLUMNS, Table
from main.models import ReferralCode, UserProfile


def columns(table: Table) -> str:
    """One line about the columns that are not read, and those that they may have been meant for."""
    missing = f" No column is called {' or '.join(table.missing)}." if table.missing else ""
    return visible(f"Ignored columns: {', '.join(table.unread)}.{missing}")


def accepted(draft: Draft, *, dry_run: bool) -> str:
    """One line about a row that is or would be imported."""
    code = draft.code
    until = f"until {in_words(code.expires_at)}" if code.expires_at else "never expires"
    line = f"line {draft.line}: {'would add' if dry_run else 'added'} {visible(code.code)} ({_agent(code)})"
    return f"{line}, {percent_in_words(code.discount)}, {until}{_remark(code, dry_run)}"


def refused(draft: Draft) -> str:
    """One line with every reason against a row, in the order of the columns."""
    fields = sorted(draft.faults, key=[UNREADABLE, *COLUMNS].index)
    reasons = [(field, message.rstrip(".")) for field in fields for message in draft.faults[field]]
    told = "; ".join(f"{field}: {text}" if field else text for field, text in reasons)
    return visible(f"line {draft.line}: refused: {told}")


def imported(codes: int, past: int, agents: int) -> str:
    """The closing line: how many codes were added, `past` of them past their date, and how many agents."""
    remark = f" ({past} of them past their date and saved as inactive)" if past else ""
    new_agents = f", {_counted(agents, 'agent')} created" if agents else ""
    return f"Imported {_counted(codes, 'code')}{remark}{new_agents}."


def would_import(codes: int, past: int, agents: int) -> str:
    """The closing line of a dry run."""
    remark = f" ({past} of them past their date, to be saved as inactive)" if past else ""
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


def _remark(code: ReferralCode, dry_run: bool) -> str:
    if code.is_overdue:
        return f", already past its date: {'would be ' if dry_run else ''}saved as inactive"
    return "" if code.status == ReferralCode.Status.ACTIVE else ", inactive"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
