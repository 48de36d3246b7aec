"""A code to hand out: the page with its address in the shop, and the QR code as files, for its agent and for staff."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from main.accounts.users import looks_after_codes, signed_in
from main.codes.sharing import qr_code, shop_address
from main.models import ReferralCode

TYPES = {"svg": "image/svg+xml", "png": "image/png"}


@signed_in
def share(request: HttpRequest, pk: int) -> HttpResponse:
    """The page of the code `pk`: for its agent, and for staff who may view codes. Others get 404."""
    code, address = _shared(request, pk)
    return render(request, "main/codes/share.html", {"code": code, "address": address})


@signed_in
def qr_image(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """The QR code of that address, as "svg" or "png"."""
    _code, address = _shared(request, pk)
    return HttpResponse(qr_code(address, kind), content_type=TYPES[kind])


def _shared(request: Any, pk: int) -> tuple[ReferralCode, str]:
    codes = ReferralCode.objects.select_related("agent__user")
    if not looks_after_codes(request.user):
        codes = codes.filter(agent__user=request.user.pk)
    code = get_object_or_404(codes, pk=pk)
    address = shop_address(code.code)
    if not address:
        raise Http404("This project has no SHARE_URL.")
    return code, address
