"""The part of a code's form with the address to share."""

from __future__ import annotations

from typing import Any

from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from main.codes.sharing import shop_address
from main.models import ReferralCode

SHARE_FIELDSET: tuple[Any, dict[str, Any]] = (gettext_lazy("Share"), {"fields": ["share"]})


def share_of(code: ReferralCode) -> SafeString:
    """The address in the shop to copy, its QR code, and the files of it."""
    svg, png = (reverse("qr_image", kwargs={"pk": code.pk, "kind": kind}) for kind in ("svg", "png"))
    return format_html(
        '<span class="address">{address}</span> '
        '<button type="button" class="button copy" data-code="{address}" hidden>'
        '{copy}<span class="visually-hidden"> {what}</span></button>'
        '<span class="visually-hidden" role="status" id="copied" data-word="{copied}" data-sentence="{told}"></span>'
        '<br><img src="{svg}" alt="{qr}" width="160" height="160"><br>'
        '<a href="{svg}" download="{code}.svg">{as_svg}</a>, <a href="{png}" download="{code}.png">{as_png}</a>'
        '<script src="{script}" defer></script>',
        address=shop_address(code.code), svg=svg, png=png, code=code.code, script=static("main/copy.js"),
        copy=_("Copy"), what=pgettext("copy …", "the address"), told=_("{code} copied"), copied=_("Copied"),
        qr=_("QR code of this address"), as_svg=_("QR code as SVG"), as_png=_("as PNG"),
    )  # fmt: skip
