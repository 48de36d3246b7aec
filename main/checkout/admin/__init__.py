"""The staff's pages of the checkout."""

from main.checkout.admin import redemptions, tokens, worth

__all__ = ["redemptions", "tokens", "worth"]
