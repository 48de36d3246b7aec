"""Proposes texts for a new code, made from the agent's name and the discount."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import product
from secrets import SystemRandom
from unicodedata import name, normalize

from main.codes.text import clean_code

LETTERS_OF_NAME = 5
# Without characters that look alike on paper: I and L like 1, O like 0.
LETTERS, DIGITS = "ABCDEFGHJKMNPQRSTUVWXYZ", "23456789"


def proposals(agent_name: str, discount: Decimal | float) -> Iterator[list[str]]:
    """Yield lists of texts for a code, the best ones first, without end.

    The first is JOHN-20 for John Smith and 20 %. The next ones have a letter and a digit more (JOHN-20K7), the ones
    after that have two of each, and so on. Accents are left out, so that anybody can type the code.
    """
    code = filled("{agent}-{discount}", agent_name, discount)
    pairs = ["".join(pair) for pair in product(LETTERS, DIGITS)]
    random = SystemRandom()
    yield [code]
    while True:
        random.shuffle(pairs)
        yield [code + pair for pair in pairs]
        code += random.choice(pairs)


def filled(pattern: str, agent_name: str, discount: Decimal | float, number: int = 1) -> str:
    """Return `pattern` with the letters of the first name for {agent}, and with {discount} and {number}, cleaned."""
    first_name = next(iter(agent_name.split()), "")
    letters = "".join(map(_without_accent, filter(str.isalpha, normalize("NFC", first_name.upper()))))
    text = pattern.replace("{agent}", letters[:LETTERS_OF_NAME] or "CODE").replace("{number}", str(number))
    return clean_code(text.replace("{discount}", f"{Decimal(str(discount)).normalize():f}"))


def with_pairs(code: str, count: int) -> str:
    """Return `code` with `count` times a letter and a digit more, by chance."""
    random = SystemRandom()
    return code + "".join(random.choice(LETTERS) + random.choice(DIGITS) for _ in range(count))


def _without_accent(letter: str) -> str:
    """Remove the accent of a Latin or Greek letter. In other alphabets it makes another letter: Й is not И."""
    return normalize("NFKD", letter)[0] if name(letter, "").startswith(("LATIN", "GREEK")) else letter
