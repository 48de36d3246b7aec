"""Makes the sample files beside it, the same each time: `python tests/data/generate.py`."""

import csv
from datetime import date, timedelta
from pathlib import Path
from random import Random

HERE = Path(__file__).parent
HEADER = ["code", "agent", "discount", "expires_at", "status"]
AGENTS = [
    *("John Smith", "Maria Garcia", "Alex Johnson", "Zoë Müller", "Ana Horvat", "Đorđe Petrović", "Łukasz Wójcik"),
    *("Siobhán O'Brien", "Jürgen Groß", "Søren Ångström", "Nguyễn Thị Hoa", "Chloë de la Cruz", "J. R. Ewing"),
    *("Νίκος Παπαδόπουλος", "Иван Петров", "Оксана Шевченко", "दीपिका शर्मा", "محمد العلي", "נועה לוי", "山田 花子"),
    *("王小明", "김민준", "สมชาย ใจดี", "Mary-Jane Watson"),
]
SEASONS = ["SPRING", "SUMMER", "AUTUMN", "WINTER", "WELCOME", "FRIEND", "VIP", "LAUNCH", "ÉTÉ", "ЛЕТО"]
FIRST_DAY, DAYS = date(2025, 1, 1), 1460


def expiry(random):
    """A date as other systems write it, or none."""
    day = FIRST_DAY + timedelta(days=random.randrange(DAYS))
    time = f"{random.randrange(4, 24):02}:{random.randrange(60):02}"
    return random.choice(
        [f"{day}", f"{day}", f"{day} {time}", f"{day}T{time}:00Z", f"{day} {time}:59+02:00", f"{day:%d.%m.%Y}", ""]
    )


def rows(count, seed):
    """That many codes, each once: of an agent or of the house, most of them active."""
    random = Random(seed)
    names = [f"{season}-{number}" for season in SEASONS for number in range(1000, 10000)]
    return [
        [
            code,
            random.choice([*AGENTS, "", ""]),
            random.choice(["5", "10", "12.5", "15", "20", "20 %", "25.00", "30%", "100", ""]),
            expiry(random),
            random.choice(["active"] * 6 + ["Active", "", "inactive", "expired"]),
        ]
        for code in random.sample(names, count)
    ]


def main():
    """Write `codes.csv`, and `codes-from-excel.csv` as a European Excel saves it."""
    with (HERE / "codes.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([HEADER, *rows(3000, seed=2026)])
    with (HERE / "codes-from-excel.csv").open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(["Referral code", "Agent name", "Discount (%)", "Valid until", "Status", "Notes"])
        for code, agent, discount, expires_at, status in rows(40, seed=7):
            writer.writerow(
                [f"eu-{code}".lower(), agent, discount.replace(".", ","), expires_at, status, "first;\nsecond"]
            )


if __name__ == "__main__":
    main()
