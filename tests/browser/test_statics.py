"""What is left out of styles and scripts when they are served means nothing to a browser."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from kith import kit
from kith.kit.statics import smaller

FOLDER = Path(kit.__file__).parent / "static"
RULES = """text => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    // Values with variables are kept as they were typed.
    const tight = [[/\\s*,\\s*/g, ","], [/\\(\\s+/g, "("], [/\\s+\\)/g, ")"]];
    return [...sheet.cssRules].map(rule =>
        tight.reduce((text, [wide, short]) => text.replace(wide, short), rule.cssText));
}"""


def files(kind: str) -> list[str]:
    return sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob(f"*{kind}"))


@pytest.mark.browser
def test_served_styles_hold_the_rules_that_were_written(chromium: Browser) -> None:
    page = chromium.new_page()
    for name in files(".css"):
        written = (FOLDER / name).read_bytes()
        served = smaller(name, written)
        rules = page.evaluate(RULES, served.decode())
        assert rules, name
        assert rules == page.evaluate(RULES, written.decode()), name
        assert len(served) < len(written), name


@pytest.mark.browser
def test_served_scripts_are_scripts(chromium: Browser) -> None:
    page = chromium.new_page()
    for name in files(".js"):
        page.evaluate("text => { new Function(text); }", smaller(name, (FOLDER / name).read_bytes()).decode())


def test_what_others_wrote_is_served_as_it_is() -> None:
    assert smaller("django_htmx/htmx-2.js", b"/* theirs */ a  = 1") == b"/* theirs */ a  = 1"
    assert smaller("kit/img/mark.svg", b"<svg>  </svg>") == b"<svg>  </svg>"
