"""`python manage.py create_api_token "My shop" --rights check redeem`: a token for a shop."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from main.checkout.models import ApiToken
from main.checkout.tokens import make_token
from main.management.output import EnglishCommand

RIGHTS = {"check": "may_check", "redeem": "may_redeem"}


class Command(EnglishCommand):
    help = "Makes a token with which a shop comes to the API. The last line is the token alone; it is shown only here."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="The shop. Tokens of the same name see the same orders.")
        parser.add_argument(
            "--rights", nargs="+", choices=RIGHTS, default=["check"], metavar="RIGHT",
            help="check (ask whether a code works; the default), redeem (redeem codes, see and void orders).",
        )  # fmt: skip

    def handle(self, *, name: str, rights: list[str], **options: Any) -> None:
        token = ApiToken(name=name.strip(), **{field: right in rights for right, field in RIGHTS.items()})
        try:
            token.clean_fields(exclude=["prefix", "digest"])
        except ValidationError as error:
            raise CommandError(f"No token was made. The name: {' '.join(error.messages)}") from error
        text = make_token(token)
        self.stdout.write(f"A token for {token.name}, with the right to {' and '.join(sorted(set(rights)))}.")
        self.stdout.write("Give it to the shop now: only its hash is kept, and nobody can show it again.")
        self.stdout.write(text)
