"""What a backup holds, so that its maker can see that it is not empty; and what stops one."""

from typing import NamedTuple

CODES, RUNS = "main_referralcode", "main_expirationrun"


class Contents(NamedTuple):
    codes: int
    runs: int

    def __str__(self) -> str:
        return f"{self.codes} referral code(s) and {self.runs} run(s)"


class BackupFailed(Exception):
    """Nothing was written, or nothing was changed. The message is a whole sentence that says what to do."""
