"""The tables of the checkout held against what the shops were told."""


def audit(world, redeemed, voided):
    """Assert that each order has its redemption once, and that none was made of a code that did not work.

    `redeemed` are the orders that a shop was told to be redeemed, `voided` those that it was told to be voided.
    """
    rows = world.query('SELECT "order", voided_at IS NOT NULL FROM checkout_redemption')
    assert len(rows) == len({order for order, _ in rows}), "an order was redeemed twice"
    assert {order for order, _ in rows} == redeemed
    assert {order for order, is_voided in rows if is_voided} == voided
    # Codes are only extended meanwhile, so what was redeemed before its end still is. An instant of SQLite is text.
    after_its_end = (
        "SELECT count(*) FROM checkout_redemption r JOIN main_referralcode c ON c.id = r.code_id "
        "WHERE coalesce(r.promised_at, r.redeemed_at) >= c.expires_at"
    )
    switched_off = (
        "SELECT count(*) FROM checkout_redemption r JOIN main_referralcode c ON c.id = r.code_id "
        "WHERE c.status = 'inactive' AND c.expired_at IS NULL AND r.redeemed_at > c.updated_at"
    )
    assert world.query(after_its_end) == [(0,)], "redeemed after its end without a promise"
    assert world.query(switched_off) == [(0,)], "redeemed after a person had switched it off"
