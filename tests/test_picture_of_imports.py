"""docs/imports.svg shows the imports as they are."""

from tests.picture_of_imports import PICTURE, picture


def test_the_picture_is_of_the_present_imports():
    assert PICTURE.read_text(encoding="utf-8") == picture(), "run: python -m tests.picture_of_imports"
