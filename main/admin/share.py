"""The part of a code's form with the address to share."""

from __future__ import annotations

from typing import Any

from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from main.codes.sharing import shop_address
from main.models import ReferralCode

SHARE_FIELDSET: tuple[str, dict[str, Any]] = ("Share", {"fields": ["share"]})


def share_of(code: ReferralCode) -> SafeString:
    """The address in the shop to copy, its QR code, and the files of it."""
    images = [reverse("qr_image", kwargs={"pk": code.pk, "kind": kind}) for kind in ("svg", "png")]
    return format_html(
        '<span class="address">{0}</span> <button type="button" class="button copy" data-code="{0}" hidden>Copy'
        '<span class="visually-hidden"> the address</span></button>'
        '<span class="visually-hidden" role="status" id="copied"></span>'
        '<br><img src="{1}" alt="QR code of this address" width="160" height="160"><br>'
        '<a href="{1}" download="{3}.svg">QR code as SVG</a>, <a href="{2}" download="{3}.png">as PNG</a>'
        '<script src="{4}" defer></script>',
        shop_address(code.code), *images, code.code, static("main/copy.js"),
    )  # fmt: skip
