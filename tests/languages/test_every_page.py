"""Every page in the pseudo-language, where all words are in marks, and in Greek, where no word is in Latin letters."""

import re

import pytest

from tests.access.people import PEOPLE, Town, body
from tests.access.test_addresses import TABLE
from tests.conftest import PROJECT
from tests.languages import reading

# What the people of the town have written, and what is the same in every language.
DATA = """
    John Smith Maria Garcia anonymous agent other viewer staff superuser group shop root here kno Until spring please
    JOHNS MARIA OLD codes csv zone order nobody django contrib yes
"""


@pytest.fixture(params=["pseudo", "el"])
def language(request):
    return request.getfixturevalue("pseudo_language") if request.param == "pseudo" else request.param


@pytest.fixture
def town(db, settings):
    settings.SHARE_URL = "https://shop.example/?code={code}"
    return Town()


def assert_nothing_is_left(pages):
    left = {}
    for name, response in pages:
        if response.headers["Content-Type"].startswith("text/html"):
            page = body(response).decode()
            for text in [*reading.words_left_on_page(page, DATA.split()), *reading.commas_in_drawings(page)]:
                left.setdefault(text, name)
    assert not left, "\n".join(f"{name}: {text}" for text, name in left.items())


def test_no_style_sheet_writes_words():
    """Nobody could translate them."""
    sheets = [path for app in ("main", "knossos") for path in (PROJECT / app).rglob("*.css")]
    assert sheets
    assert not [path.name for path in sheets if re.search(r"content:\s*[\"'][^\"']*[A-Za-z]", path.read_text())]


@pytest.mark.parametrize("person", PEOPLE)
def test_every_address(town, person, language):
    def pages():
        for route in TABLE:
            if not route.startswith(("api/", "metrics", "health")):
                for method in ("get", "post"):
                    client = town.client(person, HTTP_ACCEPT_LANGUAGE=language)
                    yield f"{method} {route}", getattr(client, method)(town.address(route), follow=True)

    assert_nothing_is_left(pages())
