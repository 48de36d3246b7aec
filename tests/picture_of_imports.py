"""Draws docs/imports.svg: who imports whom in `main`. Each package is a box; what it may import stands below it.

python -m tests.picture_of_imports
"""

from pathlib import Path
from typing import NamedTuple

from tests.test_imports import FILES, LAYERS, imports_of, layer_of, module_of

PICTURE = Path(__file__).parent.parent / "docs" / "imports.svg"
WIDTH, ROW, BOX = 1000, 92, 30
SPACE, LETTER = 70, 7.4  # between boxes; of a box's width for each letter of its name


class Subject(NamedTuple):
    """A package or module at the top of `main`; as "codes.…", the part of a package with a layer of its own."""

    layer: int
    name: str


class Place(NamedTuple):
    left: float
    top: float
    width: float

    @property
    def middle(self):
        return self.left + self.width / 2


def subject_of(module):
    layer, package = layer_of(module), module.split(".", maxsplit=1)[0]
    return Subject(layer, package if package in LAYERS[layer] else f"{package}.…")


def arrows():
    """Each pair of different subjects of which the first imports the second."""
    pairs = {(subject_of(module_of(path)), subject_of(other)) for path in FILES for other in imports_of(path)}
    return sorted((importer, imported) for importer, imported in pairs if importer != imported)


def places():
    found = {}
    subjects = {subject_of(module_of(path)) for path in FILES}
    for layer in range(len(LAYERS)):
        row = sorted(subject for subject in subjects if subject.layer == layer)
        widths = [LETTER * len(subject.name) + 20 for subject in row]
        left = (WIDTH - sum(widths) - SPACE * (len(row) - 1)) / 2
        for subject, width in zip(row, widths, strict=True):
            found[subject] = Place(left, (len(LAYERS) - layer - 1) * ROW + (ROW - BOX) / 2, width)
            left += width + SPACE
    return found


def picture():
    at, height = places(), ROW * len(LAYERS)
    lines = [
        f'<line x1="{at[importer].middle:.0f}" y1="{at[importer].top + BOX:.0f}"'
        f' x2="{at[imported].middle:.0f}" y2="{at[imported].top:.0f}" marker-end="url(#tip)"/>'
        for importer, imported in arrows()
    ]
    boxes = [
        f'<rect x="{place.left:.0f}" y="{place.top:.0f}" width="{place.width:.0f}" height="{BOX}" rx="5"'
        f' fill="#eef3f8" stroke="#456"/><text x="{place.middle:.0f}" y="{place.top + 20:.0f}">{subject.name}</text>'
        for subject, place in at.items()
    ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img"'
            ' font-family="sans-serif" font-size="13">',
            "<title>Imports within main: every arrow points down</title>",
            f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
            '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7"'
            ' orient="auto"><path d="M0 0 8 4 0 8z" fill="#456"/></marker></defs>',
            '<g stroke="#456" stroke-opacity=".45">',
            *lines,
            "</g>",
            '<g text-anchor="middle" fill="#123">',
            *boxes,
            "</g>",
            "</svg>",
            "",
        ]
    )


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8")
