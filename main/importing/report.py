"""What an import did or would do, in words; safe to print."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from main.codes.percent import percent_in_words
from main.codes.text import visible
from main.codes.wording import in_words
from main.importing.checking import UNREADABLE, Draft
from main.importing.columns import COLUMNS
from main.importing.reading import Source
from main.models import CodeImport, ReferralCode, UserProfile


def codes(count: int) -> str:
    return ngettext("%(count)d code", "%(count)d codes", count) % {"count": count}


def agents(count: int) -> str:
    return ngettext("%(count)d agent", "%(count)d agents", count) % {"count": count}


def columns(source: Source) -> str:
    """One line about the columns that are ignored, and those that they may have been meant for."""
    facts = {"ignored": ", ".join(source.ignored), "missing": f" {_('or')} ".join(source.missing)}
    if source.missing:
        return visible(_("Ignored columns: %(ignored)s. No column is called %(missing)s.") % facts)
    return visible(_("Ignored columns: %(ignored)s.") % facts)


def accepted(draft: Draft, *, dry_run: bool) -> str:
    """One line about a row that is or would be imported."""
    code = draft.code
    facts = {
        "line": draft.row.line,
        "code": visible(code.code),
        "agent": _agent(code),
        "discount": percent_in_words(code.discount),
        "end": _("until %(date)s") % {"date": in_words(code.expires_at)} if code.expires_at else _("never expires"),
    }
    return _sentence_of(draft, dry_run) % facts


def _sentence_of(draft: Draft, dry_run: bool) -> str:
    inactive = draft.code.status != ReferralCode.Status.ACTIVE
    if draft.is_past and dry_run:
        return _(
            "line %(line)d: would add %(code)s (%(agent)s), %(discount)s, %(end)s, already past its date: would be "
            "saved as expired"
        )
    if draft.is_past:
        return _(
            "line %(line)d: added %(code)s (%(agent)s), %(discount)s, %(end)s, already past its date: saved as expired"
        )
    if inactive and dry_run:
        return _("line %(line)d: would add %(code)s (%(agent)s), %(discount)s, %(end)s, inactive")
    if inactive:
        return _("line %(line)d: added %(code)s (%(agent)s), %(discount)s, %(end)s, inactive")
    if dry_run:
        return _("line %(line)d: would add %(code)s (%(agent)s), %(discount)s, %(end)s")
    return _("line %(line)d: added %(code)s (%(agent)s), %(discount)s, %(end)s")


def refused(draft: Draft) -> str:
    """One line with every reason against a row, in the order of the columns."""
    fields = sorted(draft.faults, key=[UNREADABLE, *COLUMNS].index)
    reasons = [(field, message.rstrip(".")) for field in fields for message in draft.faults[field]]
    told = pgettext("between reasons", "; ").join(f"{field}: {text}" if field else text for field, text in reasons)
    return visible(_("line %(line)d: refused: %(reasons)s") % {"line": draft.row.line, "reasons": told})


def imported(entry: CodeImport, new_agents: int) -> str:
    """The closing line: how many codes were added, how many of them past their date, and how many agents."""
    past = entry.expired_count
    if past and new_agents:
        told = ngettext(
            "Imported %(codes)s (%(past)d of them past their date and saved as expired), %(agents)s created. "
            "This is import %(number)s.",
            "Imported %(codes)s (%(past)d of them past their date and saved as expired), %(agents)s created. "
            "This is import %(number)s.",
            past,
        )
    elif past:
        told = ngettext(
            "Imported %(codes)s (%(past)d of them past their date and saved as expired). This is import %(number)s.",
            "Imported %(codes)s (%(past)d of them past their date and saved as expired). This is import %(number)s.",
            past,
        )
    elif new_agents:
        told = _("Imported %(codes)s, %(agents)s created. This is import %(number)s.")
    else:
        told = _("Imported %(codes)s. This is import %(number)s.")
    facts = {"codes": codes(entry.code_count), "past": past, "agents": agents(new_agents), "number": entry.pk}
    return told % facts


def imported_before(entry: CodeImport) -> str:
    """Why a file is not imported a second time."""
    return _(
        "Nothing was imported: this file is import %(number)s, of %(date)s by %(person)s (%(codes)s). "
        "To import it anew, first run `python manage.py undo_import %(number)s`."
    ) % {
        "number": entry.pk,
        "date": in_words(entry.imported_at),
        "person": entry.person,
        "codes": codes(entry.code_count),
    }


def undone(entry: CodeImport, count: int, old_agents: int, *, dry_run: bool) -> str:
    """What the undo of an import deleted or would delete."""
    if dry_run and old_agents:
        told = _(
            "[DRY RUN] Would delete %(codes)s of import %(number)s (%(file)s) and %(agents)s created by it. "
            "Nothing was written."
        )
    elif dry_run:
        told = _("[DRY RUN] Would delete %(codes)s of import %(number)s (%(file)s). Nothing was written.")
    elif old_agents:
        told = _("Deleted %(codes)s of import %(number)s (%(file)s) and %(agents)s created by it.")
    else:
        told = _("Deleted %(codes)s of import %(number)s (%(file)s).")
    return told % {"codes": codes(count), "number": entry.pk, "file": entry.file, "agents": agents(old_agents)}


def would_import(count: int, past: int, new_agents: int) -> str:
    """The closing line of a dry run."""
    if past and new_agents:
        told = ngettext(
            "Would import %(codes)s (%(past)d of them past their date, to be saved as expired) and create %(agents)s. "
            "Nothing was written.",
            "Would import %(codes)s (%(past)d of them past their date, to be saved as expired) and create %(agents)s. "
            "Nothing was written.",
            past,
        )
    elif past:
        told = ngettext(
            "Would import %(codes)s (%(past)d of them past their date, to be saved as expired). Nothing was written.",
            "Would import %(codes)s (%(past)d of them past their date, to be saved as expired). Nothing was written.",
            past,
        )
    elif new_agents:
        told = _("Would import %(codes)s and create %(agents)s. Nothing was written.")
    else:
        told = _("Would import %(codes)s. Nothing was written.")
    return told % {"codes": codes(count), "past": past, "agents": agents(new_agents)}


def new_agent(agent: UserProfile, *, dry_run: bool) -> str:
    """One line about an agent that is or would be created."""
    if dry_run:
        return _("would create the agent %(name)s") % {"name": visible(agent.name)}
    facts = {"name": visible(agent.name), "user": visible(agent.user.get_username())}
    return _("created the agent %(name)s, user %(user)s") % facts


def _agent(code: ReferralCode) -> str:
    if not code.agent:
        return _("Agent: none")
    told = _("Agent: %(name)s") if code.agent.pk else _("new agent: %(name)s")
    return told % {"name": visible(code.agent.name)}
