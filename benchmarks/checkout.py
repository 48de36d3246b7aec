"""Measure the checkout against what it cannot be faster than.

    python -m benchmarks.checkout                                              # SQLite
    python -m benchmarks.checkout --database postgres://postgres@127.0.0.1/x   # PostgreSQL
    python -m benchmarks.checkout --size 0.01 --rounds 1                       # a look at whether it works

Contenders take turns within one process or one server, and a ratio is of times of the same round.
"""

from benchmarks import shop
from benchmarks.sweep import benchmark

QUESTIONS = {
    "check": shop.check,
    "redeem": shop.redeem,
    "http": shop.over_http,
    "sweep": shop.during_a_sweep,
}

if __name__ == "__main__":
    benchmark("checkout", QUESTIONS, __doc__ or "")
