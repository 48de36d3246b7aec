"""Finds the words of a page that are in no mark of the pseudo-language, or in Latin letters on a Greek page."""

import re
import socket
from html.parser import HTMLParser

from tests.languages.pseudo import CLOSE, OPEN

# Read aloud or shown, though not between tags.
ATTRIBUTES = ("aria-label", "aria-description", "title", "placeholder", "alt", "label", "summary")
BUTTONS = ("submit", "button", "reset")
NOT_READ = ("script", "style", "code", "pre", "kbd", "samp", "textarea")
WITHOUT_END = ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")
WORD = re.compile(r"[A-Za-z]{2,}")
# Addresses of mail and of pages, zones, names of files, hashes, options and names of commands, names in braces.
NO_WORDS = re.compile(
    r"\S+@\S+|https?://\S+|[A-Z][a-z]+(?:/[A-Z][\w -]+)+|[\w-]+\.(?:csv|xlsx|py|sqlite3)\b|`[^`]*`"
    r"|\b[0-9a-f]{20,}|\w*\*{9,}|kno_[\w-]+|--[a-z-]+(?: '\w+')?|\{\w+\}|cp\d+|md5|utf-8",
    re.IGNORECASE,
)
# Names and abbreviations that are the same in every language.
NAMES = """
    Knossos CSV XLSX Excel QR SVG PNG API HTML HTTP JSON Python Django UTC GMT EET EEST id OK PDF TOTP Email
    SHA UTF MB NUL kB
    Unicode NFKC Message Control Command Mac LDAP
"""
# What Django's own templates of the admin write in English in every language: the names of three icons.
OF_DJANGO = "Search True False"


class Reader(HTMLParser):
    """Collects what a person reads on a page, outside of marks and of elements in English or in code."""

    def __init__(self):
        super().__init__()
        self.texts = []
        self._depth = 0
        self._open = []  # for each open element: whether it, or one around it, is not read

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        hidden = bool(self._open and self._open[-1]) or tag in NOT_READ or (given.get("lang") or "").startswith("en")
        hidden = hidden and tag != "html"
        if tag not in WITHOUT_END:
            self._open.append(hidden)
        if hidden:
            return
        self.texts += [given[name] for name in ATTRIBUTES if given.get(name)]
        if tag == "input" and given.get("type") in BUTTONS and given.get("value"):
            self.texts.append(given["value"])

    def handle_endtag(self, tag):
        if tag not in WITHOUT_END and self._open:
            self._open.pop()

    def handle_data(self, data):
        if self._open and self._open[-1]:
            return
        outside = ""
        for char in data:  # a mark may begin in one element and end in another
            self._depth += (char == OPEN) - (char == CLOSE)
            outside += char if not self._depth else " "
        self.texts.append(outside)


def commas_in_drawings(html):
    """The numbers of drawings and meters that are written with a decimal comma: no browser reads them."""
    drawn = " ".join(re.findall(r"(?s)<svg.*?</svg>|<meter[^>]*>", html))
    return re.findall(r'[a-z0-9]+="-?\d+,\d+[^"]*"', drawn)


def unmarked(text):
    """`text` without what is in marks."""
    inner = re.compile(f"{OPEN}[^{OPEN}{CLOSE}]*{CLOSE}")
    while inner.search(text):
        text = inner.sub(" ", text)
    return text


def words_left(texts, allowed=()):
    """The texts with words that are in no mark, and no names."""
    known = {word.casefold() for word in [*NAMES.split(), *OF_DJANGO.split(), socket.gethostname(), *allowed]}
    left = []
    for text in texts:
        words = WORD.findall(NO_WORDS.sub(" ", unmarked(text)))
        if any(word.casefold() not in known for word in words):
            left.append(" ".join(text.split()))
    return left


def words_left_on_page(html, allowed=()):
    reader = Reader()
    reader.feed(html)
    reader.close()
    return words_left(reader.texts, allowed)


# Small words of every English sentence; no name in the tests has one.
ENGLISH = re.compile(
    r"\b(?:the|of|is|are|was|to|and|or|your|with|for|not|this|that|from|by|in|on|it|you|code|codes)\b", re.IGNORECASE
)


def english_on_page(html):
    """The English sentences of a page that is in another language."""
    reader = Reader()
    reader.feed(html)
    reader.close()
    return [" ".join(text.split()) for text in reader.texts if ENGLISH.search(NO_WORDS.sub(" ", text))]
