from pathlib import Path

import django.conf.locale
import pytest
from django.conf import settings as project

from tests.languages import pseudo


@pytest.fixture(scope="session")
def pseudo_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("locale")
    pseudo.build(folder)
    return folder


@pytest.fixture
def pseudo_language(pseudo_folder, settings, monkeypatch):
    """The site also speaks the language of the tests; gives its code."""
    monkeypatch.setitem(django.conf.locale.LANG_INFO, pseudo.CODE, pseudo.INFO)
    settings.LOCALE_PATHS = [*project.LOCALE_PATHS, Path(pseudo_folder)]
    settings.LANGUAGES = [*project.LANGUAGES, (pseudo.CODE, pseudo.INFO["name_local"])]
    return pseudo.CODE
