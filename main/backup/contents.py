"""How much a backup holds, so that people can see that it is not empty; and the error of a backup."""

from typing import NamedTuple

CODES, RUNS = "main_referralcode", "main_expirationrun"


class Contents(NamedTuple):
    codes: int
    runs: int

    def __str__(self) -> str:
        return f"{self.codes} referral code(s) and {self.runs} run(s)"


class BackupFailed(Exception):
    """A backup or restore failed, and changed nothing. The message is a whole sentence that says why or what to do."""
