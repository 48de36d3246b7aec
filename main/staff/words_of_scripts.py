"""Words of the admin's scripts that Django's own Greek lacks: the catalogue of this app has them."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_noop as _
from django.views.i18n import JavaScriptCatalog

LACKING = [
    _('Choose %s by selecting them and then select the "Choose" arrow button.'),
    _('Remove %s by selecting them and then select the "Remove" arrow button.'),
    _("Type into this box to filter down the list of selected %s."),
    _("Choose all %s"),
    _("Choose selected %s"),
    _("Remove all %s"),
    _("Remove selected %s"),
    _("(click to clear)"),
]


class WordsOfScripts(JavaScriptCatalog):
    """The words of the scripts as Django gives them, and those that it lacks."""

    packages = ["django.contrib.admin"]

    def get_catalog(self) -> dict[str, Any]:
        words: dict[str, Any] = {word: gettext(word) for word in LACKING}
        words["%s selected option not visible"] = [
            ngettext("%s selected option not visible", "%s selected options not visible", number) for number in (1, 2)
        ]
        return {**super().get_catalog(), **words}
