"""docs/imports.svg shows the imports as they are."""

from tests.picture_of_imports import PICTURE, arrows, picture


def test_the_picture_is_of_the_present_imports():
    assert PICTURE.read_text(encoding="utf-8") == picture(), "run: python -m tests.picture_of_imports"


def test_every_arrow_points_down():
    assert all(importer.layer > imported.layer for importer, imported in arrows())
