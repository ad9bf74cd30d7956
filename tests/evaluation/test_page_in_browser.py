"""The page in a real browser: nothing runs but its own script, filters obey mouse and keyboard, a phone is enough."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from browsing import PHONE, watched

from cxagent.evaluation.outputs.page import page
from tests.evaluation.test_outputs import CASES, hostile, whole

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

LAPTOP = {"width": 1280, "height": 800}
SHOWN = "[...document.querySelectorAll('details.case')].filter((one) => one.checkVisibility()).length"
# Every visible text against the nearest opaque ground above it, by the formula of WCAG 2.
CONTRAST = """() => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => {
    const [r, g, b] = parts(colour).map((one) => one / 255).map((one) =>
      one <= 0.03928 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (one) => {
    for (let node = one; node; node = node.parentElement) {
      const colour = getComputedStyle(node).backgroundColor;
      if ((parts(colour)[3] ?? 1) > 0.99) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const found = new Set();
  for (const one of document.querySelectorAll("body *:not(script):not(svg *)")) {
    const own = [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || !one.checkVisibility()) continue;
    const [a, b] = [light(getComputedStyle(one).color), light(ground(one))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) found.add(`${one.className || one.tagName} ${ratio.toFixed(2)}: ${one.textContent.slice(0, 30)}`);
  }
  return [...found];
}"""


@dataclass
class Seen:
    """What the browser said and asked for while a page was open."""

    said: list[str]
    asked: list[str] = field(default_factory=list)


@cache
def full() -> str:
    """Return the page of a report with every section."""
    return page(whole(), CASES)


@contextmanager
def opened(
    chromium: "Browser", folder: Path, text: str | None = None, fragment: str = "", **more: Any
) -> "Iterator[tuple[Page, Seen]]":
    """Open a page from a file, and watch what it says and asks for."""
    file = folder / "report.html"
    file.write_text(full() if text is None else text, encoding="utf-8")
    context = chromium.new_context(**({"viewport": LAPTOP} | more))
    tab, said = watched(context)
    seen = Seen(said)
    tab.on("request", lambda request: seen.asked.append(request.url))
    tab.goto(file.as_uri() + fragment)
    try:
        yield tab, seen
    finally:
        context.close()


def count(tab: "Page") -> str:
    """Return how many cases the page says it shows, after checking that so many are seen."""
    said = tab.locator("#filters output").inner_text()
    assert tab.evaluate(SHOWN) == int(said.split()[0])
    return said


def box(tab: "Page", name: str) -> "Locator":
    """Return the box of a grade."""
    return tab.locator("#filters").get_by_role("checkbox", name=name)


def test_the_page_says_and_asks_for_nothing(chromium: "Browser", tmp_path: Path) -> None:
    """No error on the console, no violation of the policy, and no request but for the file itself."""
    with opened(chromium, tmp_path) as (tab, seen):
        tab.locator("details.case summary").first.click()
        tab.wait_for_timeout(100)
        assert seen.said == []
        assert tab.evaluate("window.violations") == []
        assert [url for url in seen.asked if not url.startswith("data:")] == [(tmp_path / "report.html").as_uri()]


def test_a_hostile_ticket_does_not_run(chromium: "Browser", tmp_path: Path) -> None:
    """Tags and scripts of a ticket are read as text, opened or closed, and the policy is not even tested."""
    with opened(chromium, tmp_path, page(*hostile())) as (tab, seen):
        tab.locator("#open").click()
        tab.wait_for_timeout(200)
        assert tab.evaluate("window.ran") is None
        assert tab.locator("script").count() == 1
        assert tab.locator("img").count() == 0
        assert "<script>window.ran=1</script>" in tab.locator("details.case").first.inner_text()
        assert (seen.said, tab.evaluate("window.violations")) == ([], [])


def test_the_policy_stops_a_script_that_got_in(chromium: "Browser", tmp_path: Path) -> None:
    """Even a tag that escaped all care does not run: the policy names one script."""
    broken = full().replace("<main>", "<main><script>window.ran=1</script><img src=x onerror='window.ran=1'>")
    with opened(chromium, tmp_path, broken) as (tab, _):
        tab.wait_for_timeout(200)
        assert tab.evaluate("window.ran") is None
        assert tab.evaluate("window.violations.length") >= 1


def test_filters_by_mouse(chromium: "Browser", tmp_path: Path) -> None:
    """A grade, a route, words and newly wrong narrow the list; clearing brings all back."""
    with opened(chromium, tmp_path) as (tab, _):
        assert count(tab) == "30 of 30 cases"
        box(tab, "unsafe").check()
        assert count(tab) == "1 of 30 cases"
        box(tab, "over review").check()
        assert count(tab) == "2 of 30 cases"
        tab.locator("#filters").get_by_label("Route taken").select_option("draft")
        assert count(tab) == "1 of 30 cases"
        tab.locator("#reset").click()
        assert count(tab) == "30 of 30 cases"
        box(tab, "only newly wrong").check()
        assert count(tab) == "3 of 30 cases"
        tab.locator("#filters").get_by_label("Words").fill("C05 low")
        tab.locator("output", has_text="1 of 30").wait_for()
        assert tab.locator("details.case:visible .name").all_inner_texts() == ["c05"]
        tab.locator("#filters").get_by_label("Words").fill("nothing says this")
        tab.wait_for_selector("#none:visible")
        assert count(tab) == "0 of 30 cases"


def test_the_button_says_what_it_would_do_now(chromium: "Browser", tmp_path: Path) -> None:
    """After other cases are shown, or one is closed by hand, it offers to open all; with all open, to close them."""
    with opened(chromium, tmp_path) as (tab, _):
        button = tab.locator("#open")
        box(tab, "unsafe").check()
        button.click()
        assert button.inner_text() == "Close all shown"
        tab.locator("#reset").click()
        assert button.inner_text() == "Open all shown"
        button.click()
        assert (button.inner_text(), tab.locator("details.case[open]").count()) == ("Close all shown", 30)
        tab.locator("details.case summary").first.click()
        tab.wait_for_function("document.getElementById('open').textContent === 'Open all shown'")


def test_filters_and_cases_by_keyboard(chromium: "Browser", tmp_path: Path) -> None:
    """From the first key on everything is reached: skip to the cases, a grade, the words, and a case that opens."""
    with opened(chromium, tmp_path) as (tab, _):
        tab.keyboard.press("Tab")
        assert tab.evaluate("document.activeElement.className") == "skip"
        tab.keyboard.press("Enter")
        tab.keyboard.press("Tab")
        assert tab.evaluate("document.activeElement.value") == "unsafe"
        tab.keyboard.press("Space")
        assert count(tab) == "1 of 30 cases"
        for _step in range(20):
            tab.keyboard.press("Tab")
            if tab.evaluate("document.activeElement.tagName") == "SUMMARY":
                break
        tab.keyboard.press("Enter")
        assert tab.locator("details.case[open] .name").inner_text() == "c01"
        assert tab.locator("details.case[open] .story").is_visible()


def test_the_address_keeps_the_filter(chromium: "Browser", tmp_path: Path) -> None:
    """A link that is shared shows the same cases and the same controls."""
    with opened(chromium, tmp_path) as (tab, _):
        box(tab, "unsafe").check()
        box(tab, "under escalated").check()
        tab.locator("#filters").get_by_label("Segment").select_option("smb")
        tab.locator("#filters").get_by_label("Words").fill("Company A: c05")
        tab.locator("output", has_text="1 of 30").wait_for()
        address, said = tab.evaluate("location.hash"), count(tab)
    with opened(chromium, tmp_path, fragment=address) as (tab, _):
        assert count(tab) == said
        assert box(tab, "unsafe").is_checked()
        assert tab.locator("#filters").get_by_label("Segment").input_value() == "smb"
        assert tab.locator("#filters").get_by_label("Words").input_value() == "Company A: c05"


def test_a_name_leads_to_its_case(chromium: "Browser", tmp_path: Path) -> None:
    """A link opens the case and brings it into view, even where a filter hid it."""
    with opened(chromium, tmp_path) as (tab, seen):
        box(tab, "exact").check()
        tab.locator("#costliest a", has_text="c01").click()
        tab.wait_for_selector("details.case[open]")
        tab.wait_for_timeout(100)
        assert tab.locator("details.case[open] .name").all_inner_texts() == ["c01"]
        assert tab.locator("details.case[open] summary").evaluate(
            "(one) => { const at = one.getBoundingClientRect(); return at.top >= 0 && at.bottom <= innerHeight; }"
        )
        assert count(tab) == "30 of 30 cases"
        assert seen.said == []


@pytest.mark.parametrize("fragment", ["#%E0%A4%A", "#case-%E0%A4%A", "#case-none", "#grade=none&intent=%3Cimg%3E&x=y"])
def test_a_broken_address_breaks_nothing(chromium: "Browser", tmp_path: Path, fragment: str) -> None:
    """An address that no page wrote shows all cases or none, and never an error."""
    with opened(chromium, tmp_path, fragment=fragment) as (tab, seen):
        assert count(tab) == "30 of 30 cases"
        assert seen.said == []


def test_without_a_script_everything_is_there(chromium: "Browser", tmp_path: Path) -> None:
    """The filters are an addition: without them every case is listed and opens, and no dead control is shown."""
    with opened(chromium, tmp_path, java_script_enabled=False) as (tab, _):
        assert tab.locator("details.case:visible").count() == len(CASES)
        assert tab.locator("#filters").is_hidden()
        tab.locator("details.case summary").first.click()
        assert tab.locator("details.case[open] .story").is_visible()


@pytest.mark.parametrize("text", ["whole", "hostile"])
def test_a_phone_never_scrolls_sideways(chromium: "Browser", tmp_path: Path, text: str) -> None:
    """At 390 pixels everything fits, with every case and every fold open."""
    given = full() if text == "whole" else page(*hostile())
    with opened(chromium, tmp_path, given, viewport=PHONE) as (tab, _):
        tab.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        tab.wait_for_timeout(100)
        assert tab.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(chromium: "Browser", tmp_path: Path, scheme: str) -> None:
    """Every text reaches a contrast of 4.5 : 1, by day and by night."""
    with opened(chromium, tmp_path, color_scheme=scheme) as (tab, _):
        tab.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        assert tab.evaluate(CONTRAST) == []
        dark = tab.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(247, 247, 245)"
        assert dark == (scheme == "dark")


def test_headings_are_in_order_and_controls_have_names(chromium: "Browser", tmp_path: Path) -> None:
    """One first heading, no level is skipped, and every control says what it is for."""
    with opened(chromium, tmp_path) as (tab, _):
        levels = tab.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map((one) => Number(one.tagName[1]))")
        assert levels.count(1) == 1
        assert levels[0] == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))
        unnamed = "[...document.querySelectorAll('input, select')].filter((one) => !one.labels.length).length"
        assert tab.evaluate(unnamed) == 0
