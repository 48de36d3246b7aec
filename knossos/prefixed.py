"""The cookie in which a message waits for the next page, with the prefix that the other cookies have."""

from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage


class PrefixedCookie(CookieStorage):
    cookie_name = "__Host-messages"


class Messages(FallbackStorage):
    """Django's own: long messages wait in the session."""

    storage_classes = (PrefixedCookie, SessionStorage)
