"""The static files of a production server: names with a hash, compressed, and few requests for a page of the admin.

`collectstatic` makes them. While DEBUG is on, the files are served one by one as they lie in their folders.
"""

import logging
import posixpath
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from django import template
from django.contrib.staticfiles.storage import staticfiles_storage
from django.forms import Media
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from whitenoise.storage import CompressedManifestStaticFilesStorage

logger = logging.getLogger(__name__)
register = template.Library()

FOLDER = Path(__file__).parent / "static"
# The scripts of a form of the admin, in the order in which they must run, as one file.
FORM_SCRIPT = "staff/form.js"
FORM_SCRIPTS = [
    f"admin/js/{name}.js"
    for name in (
        "vendor/jquery/jquery.min", "vendor/select2/select2.full.min", "vendor/select2/i18n/en", "jquery.init", "core",
        "admin/RelatedObjectLookups", "actions", "calendar", "admin/DateTimeShortcuts", "autocomplete",
    )
]  # fmt: skip
NOT_COLLECTED = (
    "Pages lack their style: %s was not collected. Run `python manage.py collectstatic` with the settings of this "
    "server, then restart it."
)
IMPORT = re.compile(r"""@import url\(["']?([^"')]+)["']?\);""")
URL = re.compile(r"""(url\(["']?)(?![a-z]+:|/|#)([^"')]+)""")


class CollectedFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc] # whitenoise's has no types
    """Stores what `collectstatic` finds, each style sheet with the text of those that it imports.

    A file that was not collected costs a page its looks, but not the page, and is an error in the log.
    """

    _has_complained = False
    joins_scripts = True

    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Iterator[Any]:
        """Join files before Django gives them their names. `paths` has the storage and path of each file by name."""
        if not dry_run:
            joined = {FORM_SCRIPT: "\n;\n".join(_text(paths, name) for name in FORM_SCRIPTS)}
            joined |= {name: _with_imports(paths, name) for name in paths if name.endswith(".css")}
            for name, text in joined.items():
                target = Path(self.path(name))
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text, encoding="utf-8")
                paths[name] = (self, name)
        yield from super().post_process(paths, dry_run=dry_run, **options)

    def stored_name(self, name: str) -> str:
        try:
            return str(super().stored_name(name))
        except ValueError:
            if not self._has_complained:
                logger.error(NOT_COLLECTED, name)
            self._has_complained = True
            return name


@register.simple_tag
def styles_beside(sheet: str, media: Media) -> SafeString:
    """The links to the style sheets of `media` that are not part of `sheet`."""
    parts = _parts(sheet)
    links = media._css.items()  # type: ignore[attr-defined] # the stubs do not know it
    css: Any = {medium: [name for name in names if _plain(name) not in parts] for medium, names in links}
    return format_html_join("\n", "{}", ((link,) for link in Media(css=css).render_css()))


@register.simple_tag
def scripts_of(media: Media) -> SafeString:
    """The scripts of `media`; where files are collected, those of FORM_SCRIPTS are one."""
    scripts = media._js  # type: ignore[attr-defined] # the stubs do not know it
    if getattr(staticfiles_storage, "joins_scripts", False) and not set(scripts).isdisjoint(FORM_SCRIPTS):
        scripts = [FORM_SCRIPT, *(name for name in scripts if name not in FORM_SCRIPTS)]
    return format_html_join("\n", "{}", ((script,) for script in Media(js=scripts).render_js()))


@cache
def _parts(sheet: str) -> set[str]:
    """The names of the style sheets that `sheet` imports, as those of files that are not minified."""
    imported = IMPORT.findall((FOLDER / sheet).read_text(encoding="utf-8"))
    return {_plain(posixpath.normpath(posixpath.join(posixpath.dirname(sheet), name))) for name in imported}


def _plain(name: str) -> str:
    # While DEBUG is on, Django links to files that are not minified.
    return str(name).replace(".min.", ".")


def _text(paths: dict[str, Any], name: str) -> str:
    storage, path = paths[name]
    with storage.open(path) as file:
        return str(file.read().decode())


def _with_imports(paths: dict[str, Any], name: str) -> str:
    """The text of a style sheet, with the text of those that it imports in their place."""
    folder = posixpath.dirname(name)

    def imported(found: re.Match[str]) -> str:
        part = posixpath.normpath(posixpath.join(folder, found[1]))
        way = posixpath.relpath(posixpath.dirname(part), folder or ".")
        text = _with_imports(paths, part)
        return URL.sub(lambda url: url[1] + posixpath.normpath(posixpath.join(way, url[2])), text)

    return IMPORT.sub(imported, _text(paths, name))
