"""The address in the shop that carries a code, and its QR code."""

from io import BytesIO
from urllib.parse import quote

from main import conf

PLACE = "{code}"  # in SHARE_URL


def shop_address(code: str) -> str:
    """Return the address for customers with this code in it, or nothing where the project has no SHARE_URL."""
    return conf.share_url().replace(PLACE, quote(code, safe=""))


def qr_code(text: str, kind: str) -> bytes:
    """Return the QR code of `text` as a file of the `kind` "svg" or "png", with the white margin that readers need."""
    import segno  # noqa: PLC0415 - few requests need it

    image = BytesIO()
    segno.make(text, error="m", micro=False).save(image, kind=kind, scale=8, border=4, light="white")
    return image.getvalue()
