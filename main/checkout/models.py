"""What shops write: redemptions, tries of codes that have ended, and the tokens with which they come."""

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext, gettext_noop, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from main.codes.text import LONGEST_CODE, OneLineField
from main.codes.wording import day_in_words
from main.models import ReferralCode

LONGEST_ORDER = 128
LONGEST_SHOP = 100
CURRENCY = r"\A[A-Z]{3}\Z"  # ISO 4217


class RedemptionQuerySet(models.QuerySet["Redemption"]):
    def counted(self) -> "RedemptionQuerySet":
        """Those that count as uses: without the voided ones."""
        return self.filter(voided_at__isnull=True)


class Redemption(models.Model):
    """A code that a customer redeemed for an order, at the discount of that instant. It is never deleted."""

    # Whose order number it is: the name of the shop's tokens, or empty for orders of this project itself.
    shop = OneLineField(_("shop"), max_length=LONGEST_SHOP, blank=True)
    order = OneLineField(pgettext_lazy("of a customer", "order"), max_length=LONGEST_ORDER)
    code = models.ForeignKey(
        ReferralCode, on_delete=models.PROTECT, related_name="redemptions", db_index=False, verbose_name=_("code")
    )
    discount = models.DecimalField(_("discount (%)"), max_digits=5, decimal_places=2)
    amount = models.DecimalField(
        _("amount"), max_digits=12, decimal_places=3, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    currency = models.CharField(_("currency"), max_length=3, blank=True, validators=[RegexValidator(CURRENCY)])
    redeemed_at = models.DateTimeField(_("redeemed"))
    promised_at = models.DateTimeField(_("promised"), null=True, blank=True)
    voided_at = models.DateTimeField(_("voided"), null=True, blank=True)
    # The code as it was called when it was redeemed: a repeated order is known by it, though the code was renamed.
    code_text = models.CharField(max_length=LONGEST_CODE, blank=True, default="", db_default="", editable=False)

    # Whether the call that returned this object wrote it; False for a repeated order.
    is_new = False

    objects = RedemptionQuerySet.as_manager()

    class Meta:
        verbose_name = _("redemption")
        verbose_name_plural = _("redemptions")
        permissions = [("export_redemption", gettext_noop("Can download redemptions as a file"))]
        constraints = [
            models.UniqueConstraint(fields=["shop", "order"], name="redemption_once_for_an_order"),
            models.CheckConstraint(
                condition=Q(amount__isnull=True, currency="")
                | Q(amount__isnull=False, amount__gte=0) & ~Q(currency=""),
                name="redemption_amount_with_currency",
            ),
        ]
        indexes = [
            # What a code is worth, this month and in all.
            models.Index(fields=["code", "redeemed_at"], name="redemption_of_code"),
            models.Index(fields=["redeemed_at"], name="redemption_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.shop} {self.order}".strip()

    @property
    def code_then(self) -> str:
        """The code as it was called when it was redeemed; rows of before that was kept have its present name."""
        return self.code_text or self.code.code


class EndedTry(models.Model):
    """How often customers tried a code on a day after it had ended."""

    code = models.ForeignKey(
        ReferralCode, on_delete=models.CASCADE, related_name="ended_tries", db_index=False, verbose_name=_("code")
    )
    day = models.DateField(_("day"))
    count = models.PositiveIntegerField(_("count"))

    class Meta:
        verbose_name = _("try of an ended code")
        verbose_name_plural = _("tries of ended codes")
        constraints = [models.UniqueConstraint(fields=["code", "day"], name="endedtry_once_a_day")]
        indexes = [models.Index(fields=["day"], name="endedtry_by_day")]

    def __str__(self) -> str:
        return gettext("%(count)d on %(day)s") % {"count": self.count, "day": day_in_words(self.day)}


class ApiToken(models.Model):
    """With what a shop comes to the API. The token itself is kept nowhere; tokens of one name are of one shop."""

    name = OneLineField(
        _("shop"), max_length=LONGEST_SHOP, help_text=_("Tokens of the same name see the same orders.")
    )
    prefix = models.CharField(_("begins with"), max_length=16, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    may_check = models.BooleanField(_("may check"), default=True, help_text=_("Ask whether a code works."))
    may_redeem = models.BooleanField(
        _("may redeem"), default=False, help_text=_("Redeem codes for orders, see and void these.")
    )
    is_active = models.BooleanField(
        pgettext_lazy("token", "active"), default=True, help_text=_("Switched off, it is refused at once.")
    )
    created_at = models.DateTimeField(pgettext_lazy("token", "created"), auto_now_add=True)
    last_used_at = models.DateTimeField(pgettext_lazy("token", "last used"), null=True, editable=False)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
