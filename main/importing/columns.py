"""What the columns of a file mean: by their names, which other systems choose."""

import re

from main.codes.folding import folded

# The names that are read, in any case, and with anything but letters between and behind the words.
COLUMNS = {
    "code": (
        "code", "referral code", "coupon", "coupon code", "promo code", "voucher", "voucher code", "discount code",
    ),
    "agent": ("agent", "agent name", "referrer"),
    "agent_email": ("agent email", "agent e-mail", "email", "e-mail"),
    "agent_status": ("agent status",),
    "discount": ("discount", "discount percent", "discount percentage", "percent", "percentage"),
    "expires_at": (
        "expires at", "expires on", "expires", "expiry", "expiry date", "expiration", "expiration date",
        "valid until", "valid to",
    ),
    "status": ("status", "state"),
    "created_at": ("created at", "created on", "created"),
    "id": ("id", "old id"),
}  # fmt: skip

# Words that a column of this meaning has in its name, and beginnings of such words: English, German and Greek, without
# accents. The first meaning that fits is told, so the narrow ones come first.
LOOKS_LIKE = {
    "code": (("code", "codes", "kodes"), ("gutschein", "coupon", "kupon", "voucher", "promo", "κωδικ", "κουπον")),
    "agent_email": (("mail", "email", "emails"), ("emailad",)),
    "created_at": ((), ("creat", "erstell", "angelegt", "δημιουργ")),
    "expires_at": (
        ("end", "ends", "ending", "until", "till", "bis", "εως", "μεχρι", "deadline"),
        ("expir", "ablauf", "ablaeuf", "ende", "endd", "gultig", "gueltig", "valid", "ληξ", "ληγ", "ισχυ"),
    ),
    "status": (
        ("state", "enabled", "disabled"), ("status", "zustand", "activ", "aktiv", "inactiv", "καταστασ", "ενεργ"),
    ),
    "discount": (
        ("off", "pct"), ("discount", "rabatt", "nachlass", "percent", "prozent", "εκπτωσ", "ποσοστ"),
    ),
    "agent": (
        ("rep", "partner", "seller"),
        ("agent", "referrer", "vertret", "vermittl", "makler", "πρακτορ", "συνεργατ", "αντιπροσωπ"),
    ),
}  # fmt: skip
# Who is named by an address need not be named otherwise.
INSTEAD = {"agent": "agent_email"}


def meaning(name: str) -> str:
    """Return the field that a column called `name` is read as, or nothing."""
    return FIELDS.get(squeezed(name), "")


def likely_meaning(name: str) -> str:
    """Return the field that a person may have meant by a column whose name is not read, or nothing."""
    words = [folded(word) for word in re.findall(r"[^\W\d_]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", name))]
    for field, (whole, beginnings) in LOOKS_LIKE.items():
        if any(word in whole or word.startswith(beginnings) for word in words):
            return field
        if field == "code" and any(word.endswith("code") for word in words):
            return field
    return ""


def squeezed(name: str) -> str:
    """The letters and digits of a name, whatever their case."""
    return re.sub(r"[\W_]+", "", name).casefold()


FIELDS = {squeezed(name): field for field, names in COLUMNS.items() for name in names}
