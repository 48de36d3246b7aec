"""Notes in the history of a code that are sentences: stored in English, shown in the reader's language."""

from django.utils.translation import gettext

# The sentences that apps write. What a person wrote stands at the end of one, as %(sentence)s.
NOTES: list[str] = []


def note_in_words(note: str) -> str:
    """Return the stored `note` in the current language; one that no app knows, as it was written."""
    for known in NOTES:
        beginning, has_sentence, _ = known.partition("%(sentence)s")
        if note == known or (has_sentence and note.startswith(beginning)):
            return gettext(known) % {"sentence": note.removeprefix(beginning)}
    return note
