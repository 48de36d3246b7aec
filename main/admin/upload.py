"""A CSV file that staff import in the browser: uploaded, shown with every fault, and written with one more click.

`main.importing` reads, checks and writes it, as for the command. Between the two requests the server keeps nothing:
the page has the file in a field, signed for this person, and sends it back.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from main.accounts.zone import zones
from main.admin.notes import Note, note
from main.admin.pages import fieldsets_of, page
from main.admin.sealing import seal, unseal
from main.codes.text import visible
from main.importing import report
from main.importing.checking import Reading, examine
from main.importing.drafts import Drafts
from main.importing.failing import AlreadyImported, NotImported, Overtaken, refuse_second_time, truth
from main.importing.reading import OTHER_ENCODINGS, UTF8, BadFile, Source, open_source
from main.importing.writing import write
from main.models import CodeImport
from main.sweep.databases import now_for_writing

# The form with the file in it must be smaller than Django's DATA_UPLOAD_MAX_MEMORY_SIZE, 2.5 MB by default.
LARGEST = 2**20  # bytes
MOST_ROWS = 10_000  # which take seconds; the command has time for more
SHOWN = 20
format_html_lazy: Any = lazy(format_html, str)
FILE_TO_IMPORT = "file_to_import"  # the field that has it between the two requests


class Upload(NamedTuple):
    """A file, and how to read it."""

    name: str
    content: bytes
    encoding: str
    time_zone: str
    day_first: bool
    create_agents: bool
    ignore: list[str]


@dataclass
class Found:
    """What a file would add or has added, in sentences; with `faults`, nothing of it is added."""

    entry: CodeImport
    about_columns: str = ""
    rows: int = 0
    first: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    new_agents: list[str] = field(default_factory=list)
    summary: str = ""

    @property
    def refusal(self) -> str:
        """How many rows stop the import, as a sentence."""
        told = ngettext(
            "Nothing can be imported: %(count)d of %(rows)s is refused.",
            "Nothing can be imported: %(count)d of %(rows)s are refused.",
            len(self.faults),
        )
        rows = ngettext("%(count)d row", "%(count)d rows", self.rows) % {"count": self.rows}
        return told % {"count": len(self.faults), "rows": rows}


class UploadForm(forms.Form):
    """The file, and the options of the command; each has the name that the sentences of the command give it."""

    file = forms.FileField(
        label=_("CSV file"),
        help_text=format_html_lazy(
            _(
                "At most 1 MB and 10,000 rows; `{command}` takes larger files. "
                "The first line names the columns: {columns}."
            ),
            command=mark_safe('<span lang="en">manage.py import_codes</span>'),
            columns=mark_safe('<span lang="en">code, agent, agent_email, discount, expires_at, status</span>'),
        ),
    )  # fmt: skip
    create_agents = forms.BooleanField(label=_("Create the agents who are not known yet"), required=False)
    day_first = forms.BooleanField(label=_("05/06/2026 is the 5th of June"), required=False)
    time_zone = forms.ChoiceField(
        label=_("Time zone"), choices=lambda: [(name, name) for name in zones()],
        initial=timezone.get_default_timezone_name, help_text=_("Of dates that name no offset."),
    )  # fmt: skip
    encoding = forms.ChoiceField(
        label=_("Encoding"), choices=[(name, name) for name in (UTF8, *OTHER_ENCODINGS)],
        help_text=_("Leave utf-8, unless the file is refused because of it."),
    )  # fmt: skip
    ignore_column = forms.CharField(
        label=_("Columns to leave out"), required=False, max_length=1000, help_text=_("Separated by commas.")
    )

    def __init__(self, *args: Any, may_create_agents: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_create_agents:
            del self.fields["create_agents"]
        for name, option in self.fields.items():
            if name != "file":
                option.help_text = f"{option.help_text} --{name.replace('_', '-')}".strip()

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > LARGEST:
            raise forms.ValidationError(_("The file is larger than 1 MB: import it with `manage.py import_codes`."))
        return file

    def upload(self) -> Upload:
        """What a valid form says."""
        said = self.cleaned_data
        return Upload(
            visible(said["file"].name)[:255], said["file"].read(), said["encoding"], said["time_zone"],
            said["day_first"], said.get("create_agents", False),
            [name.strip() for name in said["ignore_column"].split(",") if name.strip()],
        )  # fmt: skip


def may_import(request: Any) -> bool:
    return bool(request.user.has_perm("main.add_referralcode"))


def upload_view(model_admin: Any, request: HttpRequest) -> HttpResponse:
    """Ask for a file; show what it would add, or its faults; add it when this was confirmed."""
    if not may_import(request):
        raise PermissionDenied
    if FILE_TO_IMPORT in request.POST:
        return _confirmed(model_admin, request)
    posted = (request.POST, request.FILES) if request.method == "POST" else ()
    form = UploadForm(*posted, may_create_agents=_may_create_agents(request))
    if form.is_valid():
        upload = form.upload()
        try:
            return _preview(model_admin, request, upload, _go_through(request, upload))
        except AlreadyImported as error:
            form.add_error("file", _with_link(request, error))
        except NotImported as error:
            form.add_error(None, error.public)
        except BadFile as error:
            form.add_error("file", visible(str(error)))
    return _page(model_admin, request, "form", {"form": form, "fieldsets": fieldsets_of(form, model_admin)})


def _confirmed(model_admin: Any, request: HttpRequest) -> HttpResponse:
    """Add the file that the preview has sent back. If it cannot be added any more, show why."""
    upload = _unsealed(request, request.POST[FILE_TO_IMPORT])
    again = HttpResponseRedirect(request.path)
    if upload is None:
        messages.error(request, _("Nothing was imported: the preview is older than an hour. Choose the file again."))
        return again
    try:
        try:
            found = _go_through(request, upload, do=True)
        except Overtaken:
            found = _go_through(request, upload)
    except AlreadyImported as error:
        messages.warning(request, _with_link(request, error))
        return _to_codes_of(request, error.entry)
    except (NotImported, BadFile) as error:
        messages.error(request, getattr(error, "public", str(error)))
        return again
    if found.entry.pk is None:
        return _preview(model_admin, request, upload, found)
    entry, new = found.entry, len(found.new_agents)
    said = note(Note.IMPORTED, codes=entry.code_count, past=entry.expired_count, agents=new)
    model_admin.log_addition(request, entry, said)
    messages.success(request, found.summary)
    return _to_codes_of(request, found.entry)


def _go_through(request: Any, upload: Upload, *, do: bool = False) -> Found:
    """Check every row and, with `do`, add the codes if all are good. Raises NotImported and BadFile."""
    with _on_disk(upload) as source:
        person = request.user.get_username()[:255]
        found = Found(CodeImport(person=person, file_name=upload.name, sha256=source.sha256))
        if source.ignored:
            found.about_columns = report.columns(source)
        with truth(found.entry):
            now = found.entry.imported_at = now_for_writing() if do else timezone.now()
            refuse_second_time(source.sha256)
            create = upload.create_agents and _may_create_agents(request)
            reading = Reading(now, ZoneInfo(upload.time_zone), upload.day_first)
            found.rows, agents, items = examine(source, reading, create_agents=create)
            if found.rows > MOST_ROWS:
                told = _("The file has %(rows)d rows: import it with `manage.py import_codes`.")
                raise BadFile(told % {"rows": found.rows})
            with Drafts(agents) as drafts:
                for item in items:
                    if item.faults:
                        found.faults.append(report.refused(item))
                        continue
                    drafts.add(item)
                    if len(found.first) < SHOWN:
                        found.first.append(report.accepted(item, dry_run=True))
                found.new_agents = [report.new_agent(agent, dry_run=True) for agent in agents.new]
                new = len(found.new_agents)
                found.summary = report.would_import(drafts.count, drafts.past, new)
                if do and not found.faults:
                    write(drafts, agents, found.entry)
                    found.summary = report.imported(found.entry, new)
    return found


@contextmanager
def _on_disk(upload: Upload) -> Iterator[Source]:
    """The file, in a folder of this request alone."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "codes.csv")
        path.write_bytes(upload.content)
        yield open_source(path, upload.encoding, upload.ignore)


def _preview(model_admin: Any, request: HttpRequest, upload: Upload, found: Found) -> HttpResponse:
    context = {"found": found, "name": upload.name, "more": found.rows - len(found.faults) - len(found.first)}
    if not found.faults and found.rows:
        context |= {"field": FILE_TO_IMPORT, "sealed": _sealed(request, upload)}
    return _page(model_admin, request, "preview", context)


def _page(model_admin: Any, request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
    title = _("Import codes from a CSV file")
    return page(model_admin, request, f"admin/main/codeimport/{name}.html", title, context)


def _to_codes_of(request: Any, entry: CodeImport) -> HttpResponse:
    """The list of these codes, or back to the form for people who may not see codes."""
    if not request.user.has_perm("main.view_referralcode"):
        return HttpResponseRedirect(request.path)
    return HttpResponseRedirect(f"{reverse('admin:main_referralcode_changelist')}?imported_by={entry.pk}")


def _with_link(request: Any, error: AlreadyImported) -> Any:
    if not request.user.has_perm("main.view_codeimport"):
        return str(error)
    url = reverse("admin:main_codeimport_change", args=[error.entry.pk])
    return format_html(
        '{} <a href="{}">{}</a>', str(error), url, _("See import %(number)d") % {"number": error.entry.pk}
    )


def _may_create_agents(request: Any) -> bool:
    users = get_user_model()._meta
    return bool(request.user.has_perms(["main.add_userprofile", f"{users.app_label}.add_{users.model_name}"]))


def _sealed(request: HttpRequest, upload: Upload) -> str:
    # In base64, because browsers change line breaks in a field.
    return seal(request, FILE_TO_IMPORT, {**upload._asdict(), "content": b64encode(upload.content).decode()})


def _unsealed(request: HttpRequest, text: str) -> Upload | None:
    """The file as it was shown to this person."""
    kept = unseal(request, FILE_TO_IMPORT, text)
    return kept and Upload(**{**kept, "content": b64decode(kept["content"])})
