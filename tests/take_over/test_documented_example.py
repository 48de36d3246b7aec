"""docs/import.md can be followed word for word after the demo."""

import re

from tests.conftest import PROJECT


def test_the_commands_of_the_page_say_what_it_says_after_the_demo(manage, tmp_path):
    page = (PROJECT / "docs" / "import.md").read_text(encoding="utf-8")
    (tmp_path / "codes.csv").write_text(re.findall(r"```csv\n(.*?)```", page, re.DOTALL)[0], encoding="utf-8")
    assert manage("demo", "-v0").returncode == 0
    consoles = [text for text in re.findall(r"```console\n(.*?)```", page, re.DOTALL) if "bad.csv" not in text]
    steps = re.findall(r"\$ python manage\.py (.*?)\n(.*?)(?=\$|\Z)", "".join(consoles), re.DOTALL)
    assert len(steps) == 4
    for command, output in steps:
        assert manage(*command.split()).stdout == output
