"""What a shop sends and gets, typed; the OpenAPI description is made from it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal, Self

from django.utils.translation import gettext_noop as _  # OpenAPI is in English; our page translates it
from ninja import Schema
from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator

from main.checkout.models import LONGEST_ORDER, Redemption
from main.checkout.worth import money
from main.codes.text import is_on_one_line


def _one_line(text: str) -> str:
    if not is_on_one_line(text) or text != text.strip():
        raise ValueError("one line of printable characters, without spaces around it")
    return text


Text = Annotated[str, StringConstraints(strict=True)]
Order = Annotated[
    str, StringConstraints(strict=True, min_length=1, max_length=LONGEST_ORDER), AfterValidator(_one_line)
]
Customer = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=128)]
# Texts, as a number of JSON is a binary fraction in most languages.
Amount = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9]{1,9}(\.[0-9]{1,3})?$")]
Currency = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Z]{3}$")]
CUSTOMER = _("The shop's own word for the customer, always the same; only a hash of it is kept, for ten minutes.")


class Sent(Schema):
    """A body; a field that is not known is refused, as it may be one that is misspelt."""

    model_config = ConfigDict(extra="forbid")


class CodeToCheck(Sent):
    code: Text = Field(description=_("What the customer typed."), examples=["summer-20"])
    customer: Customer | None = Field(None, description=CUSTOMER, examples=["c-1"])


class Works(Schema):
    usable: Literal[True] = True
    code: str = Field(examples=["SUMMER-20"])
    discount: Decimal = Field(description="In percent.", examples=["20.00"])
    expires_at: datetime | None
    promise: str = Field(
        description="Send it with the order: it holds for some minutes, usually 15, though the date passes."
    )


class DoesNotWork(Schema):
    usable: Literal[False] = False
    reason: Literal["unknown", "expired", "switched_off", "agent_inactive", "try_later"] = Field(
        description="try_later: too many wrong codes of this customer. To a customer who is named it says nothing of "
        "this code."
    )


class OrderToRedeem(Sent):
    # `_pairs`, for the description.
    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [{"required": ["code"]}, {"required": ["promise"]}],
            "dependentRequired": {"amount": ["currency"], "currency": ["amount"]},
        }
    )

    order: Order = Field(description=_("The shop's number of the order: the key."), examples=["A-1"])
    code: Text | None = Field(None, description=_("What the customer typed; or a promise."), examples=["summer-20"])
    promise: Text | None = Field(None, description=_("The promise of the check; or a code."))
    amount: Amount | None = Field(None, description=_("What the order costs."), examples=["49.90"])
    currency: Currency | None = Field(None, description="ISO 4217.", examples=["EUR"])
    customer: Customer | None = Field(None, description=CUSTOMER, examples=["c-1"])

    @model_validator(mode="after")
    def _pairs(self) -> Self:
        if (self.code is None) == (self.promise is None):
            raise ValueError("send either a code or a promise")
        if (self.amount is None) != (self.currency is None):
            raise ValueError("send an amount with its currency, or neither")
        return self


class Redeemed(Schema):
    order: str
    code: str
    discount: Decimal
    amount: str | None
    currency: str | None
    redeemed_at: datetime
    voided_at: datetime | None

    @classmethod
    def of(cls, redemption: Redemption) -> Redeemed:
        return cls(
            order=redemption.order, code=redemption.code_then, discount=redemption.discount,
            amount=money(redemption), currency=redemption.currency or None, redeemed_at=redemption.redeemed_at,
            voided_at=redemption.voided_at,
        )  # fmt: skip
