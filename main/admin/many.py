"""Many new codes at once: agents, a pattern and an end; shown first, then created by one more click, all or none.

They are written as an import is, with a line in its ledger, so that they can be found, taken as a file and undone.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from main.admin.export import may_export
from main.admin.forms import ExpiryWidget
from main.admin.notes import Note, note
from main.admin.pages import fieldsets_of, page
from main.admin.sealing import seal, unseal
from main.codes.creating import free_texts
from main.codes.parts import parts
from main.codes.percent import percent_in_words
from main.codes.proposing import filled
from main.codes.text import LONGEST_CODE
from main.codes.wording import in_words
from main.forms import ComingEndField, EndField, PercentField
from main.importing.agents import Agents, Person, UnknownAgent
from main.importing.checking import Draft
from main.importing.drafts import Drafts
from main.importing.failing import AlreadyImported, NotImported, Overtaken, refuse_second_time, truth
from main.importing.reading import Row
from main.importing.writing import write
from main.models import CodeImport, ReferralCode, UserProfile
from main.sweep.databases import now_for_writing

AT_MOST = 10_000
SHOWN = 20
TO_CREATE = "codes_to_create"  # the field that has them between the two requests


class ManyForm(forms.Form):
    agents = forms.CharField(
        label=_("Agents"), required=False, strip=False, max_length=1_000_000,
        widget=forms.Textarea({"rows": 6, "cols": 60, "class": "vLargeTextField"}),
        help_text=_("Names or e-mail addresses, one a line. Empty for house codes."),
    )  # fmt: skip
    everyone = forms.BooleanField(label=_("All agents who can sign in"), required=False)
    each = forms.IntegerField(label=_("Codes for each"), min_value=1, max_value=AT_MOST, initial=1)
    pattern = forms.CharField(
        label=_("Pattern"), max_length=LONGEST_CODE, initial="{agent}-{discount}",
        help_text=_("{agent} is the first name, {number} counts the codes of each agent. A code that is taken gets a "
                    "letter and a digit more."),
    )  # fmt: skip
    discount = PercentField(label=_("Discount (%)"), max_digits=5, decimal_places=2, min_value=0, max_value=100)
    expires_at = EndField(label=_("Expires"), required=False, widget=ExpiryWidget, help_text=_("Empty for never."))
    coming_end = ComingEndField(label=_("or choose"), help_text=_("Instead of writing day and time."))

    def clean_agents(self) -> list[UserProfile | None]:
        """The agents that the lines name, each once; None stands for the house."""
        lines = [(number, line.strip()) for number, line in enumerate(self.cleaned_data["agents"].splitlines(), 1)]
        named = [(number, ("", text) if "@" in text else (text, "")) for number, text in lines if text]
        if not named:
            return [None]
        known = Agents((Person.written(*who) for _number, who in named), create=False)
        found: dict[int, UserProfile] = {}
        faults = []
        for number, who in named:
            try:
                agent = known.find(*who)
            except ValidationError as error:
                fault = error.fact if isinstance(error, UnknownAgent) else error.messages[0]
                faults.append(_("line %(line)d: %(fault)s") % {"line": number, "fault": fault})
            else:
                if agent:
                    found[agent.pk] = agent
        if faults:
            raise forms.ValidationError(faults)
        return list(found.values())

    def clean_pattern(self) -> str:
        pattern: str = self.cleaned_data["pattern"]
        if {*"{}"} & {*filled(pattern, "", 0)}:
            raise forms.ValidationError(_("Write {agent}, {discount} and {number} in braces, and nothing else."))
        return pattern

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if self.errors:
            return data
        written, chosen = data["expires_at"], data["coming_end"]
        data["end"] = written or chosen
        if written and chosen:
            self.add_error("coming_end", _("Write the end of the codes or choose it, but not both."))
        elif ReferralCode(expires_at=written).is_expired:
            self.add_error("expires_at", _("This has passed: codes that do not work are not created."))
        if data["everyone"]:
            if data["agents"] != [None]:
                self.add_error("everyone", _("Name agents or take all of them, but not both."))
            working = UserProfile.objects.filter(role=UserProfile.Role.AGENT, user__is_active=True)
            data["agents"] = list(working.select_related("user").order_by("folded_name", "pk")[: AT_MOST + 1])
            if not data["agents"]:
                self.add_error("everyone", _("There is no agent who can sign in."))
        if len(data["agents"]) * data["each"] > AT_MOST:
            self.add_error("each", _("At most %(count)d codes are created at once.") % {"count": AT_MOST})
        return data

    def codes(self) -> list[tuple[str, UserProfile | None]]:
        """The codes that a valid form asks for, each with its agent. Raises ValidationError if one cannot be."""
        said = self.cleaned_data
        owners = [(agent, number) for agent in said["agents"] for number in range(1, said["each"] + 1)]
        wanted = (filled(said["pattern"], agent.name if agent else "", said["discount"], n) for agent, n in owners)
        texts = free_texts(wanted)
        for text in texts:
            ReferralCode(code=text, discount=said["discount"]).clean_fields(
                exclude=[field.name for field in ReferralCode._meta.fields if field.name not in ("code", "discount")]
            )
        return [(text, agent) for text, (agent, _number) in zip(texts, owners, strict=True)]


def many_view(model_admin: Any, request: Any) -> HttpResponse:
    """Ask; show the codes; create them when this was confirmed."""
    if not request.user.has_perm("main.add_referralcode"):
        raise PermissionDenied
    if TO_CREATE in request.POST:
        return _confirmed(model_admin, request, request.POST[TO_CREATE])
    form = ManyForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            return _preview(model_admin, request, form, form.codes())
        except ValidationError as error:
            form.add_error("pattern", error.messages[0])
    return _page(model_admin, request, "many", {"form": form, "fieldsets": fieldsets_of(form, model_admin)})


def _preview(
    model_admin: Any, request: HttpRequest, form: ManyForm, codes: list[tuple[str, UserProfile | None]]
) -> HttpResponse:
    said = form.cleaned_data
    batch = {
        "pattern": said["pattern"],
        "discount": str(said["discount"]),
        "end": said["end"] and said["end"].isoformat(),
        "codes": [[text, agent and agent.pk] for text, agent in codes],
    }
    context = {
        "codes": codes[:SHOWN],
        "would": _would(len(codes), percent_in_words(said["discount"]), said["end"]),
        "count": len(codes),
        "more": len(codes) - len(codes[:SHOWN]),
        "away": sum(1 for _text, agent in codes if agent and not agent.user.is_active),
        "field": TO_CREATE,
        "sealed": seal(request, TO_CREATE, batch),
    }
    return _page(model_admin, request, "many_preview", context)


def _would(count: int, discount: str, end: datetime | None) -> str:
    """What would be created, as a sentence."""
    facts = {"count": count, "discount": discount, "end": end and in_words(end)}
    if end:
        told = ngettext(
            "%(count)d code would be created with %(discount)s, until %(end)s.",
            "%(count)d codes would be created with %(discount)s, until %(end)s.",
            count,
        )
    else:
        told = ngettext(
            "%(count)d code would be created with %(discount)s, without an end date.",
            "%(count)d codes would be created with %(discount)s, without an end date.",
            count,
        )
    return told % facts


def _confirmed(model_admin: Any, request: Any, sealed: str) -> HttpResponse:
    batch = unseal(request, TO_CREATE, sealed)
    again = HttpResponseRedirect(request.path)
    if batch is None:
        messages.error(request, _("Nothing was created: the list is older than an hour. Make it anew."))
        return again
    entry = CodeImport(
        person=request.user.get_username()[:255],
        file_name=f"{CodeImport.MANY}{batch['pattern']}",
        sha256=sha256(sealed.encode()).hexdigest(),
    )
    try:
        try:
            _create(batch, entry)
        except Overtaken:
            refuse_second_time(entry.sha256)
            raise
    except AlreadyImported as error:
        again_told = _("Nothing was created a second time: these codes are import %(number)d.")
        messages.warning(request, again_told % {"number": error.entry.pk})
        return _to_codes_of(request, error.entry)
    except Overtaken:
        messages.error(
            request, _("Nothing was created: somebody took one of these codes meanwhile. Make the list anew.")
        )
        return again
    except NotImported as error:
        messages.error(request, error.public)
        return again
    count = entry.code_count
    told = ngettext("%(count)d code was created.", "%(count)d codes were created.", count) % {"count": count}
    said = note(Note.CREATED, count=count)
    model_admin.admin_site.get_model_admin(CodeImport).log_addition(request, entry, said)
    messages.success(request, format_html("{} {}", told, _link_to_file(request, entry)))
    return _to_codes_of(request, entry)


def _create(batch: dict[str, Any], entry: CodeImport) -> None:
    """Store the codes that were shown, all or none. Raises NotImported."""
    with truth(entry):
        now = entry.imported_at = now_for_writing()
        refuse_second_time(entry.sha256)
        end = datetime.fromisoformat(batch["end"]) if batch["end"] else None
        if ReferralCode(expires_at=end).is_expired_at(now):
            raise NotImported(str(_("Nothing was created: the end of these codes has passed meanwhile.")))
        agents = {agent.pk: agent for agent in _agents(batch)}
        nobody = Agents([], create=False)
        with Drafts(nobody) as drafts:
            for line, (text, pk) in enumerate(batch["codes"], 1):
                if pk and pk not in agents:
                    raise Overtaken("An agent is gone.")
                code = ReferralCode(
                    code=text, agent=agents.get(pk), discount=batch["discount"], expires_at=end, created_at=now,
                    updated_at=now,
                )  # fmt: skip
                drafts.add(Draft(Row(line), code, {}))
            write(drafts, nobody, entry)


def _agents(batch: dict[str, Any]) -> list[UserProfile]:
    pks = {pk for _text, pk in batch["codes"] if pk}
    return [agent for part in parts(pks) for agent in UserProfile.objects.filter(pk__in=part)]


def _page(model_admin: Any, request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
    template = f"admin/main/referralcode/{name}.html"
    return page(model_admin, request, template, _("Create many codes at once"), context)


def _link_to_file(request: HttpRequest, entry: CodeImport) -> Any:
    if not may_export(request):
        return ""
    url = f"{reverse('admin:main_referralcode_csv')}?imported_by={entry.pk}"
    return format_html('<a href="{}">{}</a>', url, _("Download them as CSV"))


def _to_codes_of(request: Any, entry: CodeImport) -> HttpResponse:
    if not request.user.has_perm("main.view_referralcode"):
        return HttpResponseRedirect(request.path)
    return HttpResponseRedirect(f"{reverse('admin:main_referralcode_changelist')}?imported_by={entry.pk}")
