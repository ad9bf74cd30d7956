"""The desk in a real browser, as a reviewer uses it: mouse, keys, phone, no script, two people at once."""

from collections.abc import Callable
from typing import Any

import pytest
from browsing import PHONE

from cxagent.inbox import Given
from review.conftest import Desk, Seat, until

Sits = Callable[..., Seat]
SMALLEST = """() => [...document.querySelectorAll("a, button, summary, select, input:not([type=hidden]), textarea")]
  .filter((one) => one.checkVisibility() && !one.closest(".unseen, .skip, p, li, td, dd, h1, h2"))
  .map((one) => [one.outerHTML.slice(0, 80), one.getBoundingClientRect()])
  .filter(([, box]) => box.height > 0 && (box.height < 24 || box.width < 24)).map(([text]) => text)"""


def card(desk: Desk, name: str) -> str:
    """Return the address of a card."""
    return f"/drafts/{desk.drafts[name]}"


def keys_on(seat: Seat) -> None:
    """Switch the single keys on."""
    seat.open("/keys").get_by_label("Single keys are on").check()


def test_from_the_first_page_to_a_decided_draft(desk: Desk, served: str, sits: Sits) -> None:
    """Somebody new signs in, presses Next, approves, and stands before the next card with the undo at hand."""
    seat = sits(served)
    page = seat.page
    page.get_by_role("link", name="Next card").click()
    assert page.get_by_role("heading", level=1).inner_text().startswith("Company")
    first = page.url
    page.get_by_role("button", name="Approve", exact=True).click()
    page.get_by_role("button", name="Take it back").wait_for()
    assert page.url.partition("?")[0] != first.partition("?")[0]
    assert "is on record" in page.locator(".told-of").inner_text()
    assert desk.world.rows("review") == []
    seat.calm()


def test_single_keys_are_off_until_somebody_switches_them_on(desk: Desk, served: str, sits: Sits) -> None:
    """Without the switch no letter does anything; with it the queue is worked without a mouse."""
    seat = sits(served)
    page = seat.page
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    assert page.locator(".line.now").count() == 0
    keys_on(seat)
    seat.open("/?tab=team")
    for key in ("j", "j", "k", "j"):
        page.keyboard.press(key)
    name = page.locator(".line.now .open").inner_text()
    page.keyboard.press("Enter")
    page.wait_for_url("**/drafts/**")
    assert page.get_by_role("heading", level=1).inner_text().startswith(name)
    page.keyboard.press("r")
    assert page.get_by_label("Why it is wrong").evaluate("one => one === document.activeElement")
    page.keyboard.press("Escape")
    page.keyboard.press("u")
    page.wait_for_url("**/?tab=team")
    seat.calm()


def test_a_draft_is_decided_with_the_keyboard_alone(desk: Desk, served: str, sits: Sits) -> None:
    """Letters in a field are letters; c, e, a, z work elsewhere; z takes the verdict back."""
    seat = sits(served)
    keys_on(seat)
    page = seat.open(card(desk, "small"))
    page.keyboard.press("c")
    page.get_by_role("button", name="Let go").wait_for()
    page.keyboard.press("e")
    page.keyboard.type("area ")
    assert "area " in page.locator("#reply").input_value()
    page.get_by_role("button", name="Put the draft's words back").click()
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    page.get_by_role("button", name="Take it back").wait_for()
    assert desk.row("small")["signed_by"] == "Lena Hartmann"
    page.keyboard.press("z")
    page.get_by_text("Taken back.").wait_for()
    assert desk.row("small")["signed_by"] is None
    seat.calm()


def test_tab_and_enter_suffice(desk: Desk, served: str, sits: Sits) -> None:
    """From the top of a card the verdict is reached with Tab alone and given with Enter."""
    seat = sits(served)
    page = seat.open(card(desk, "small"))
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "approve":
            break
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Take it back").wait_for()
    assert desk.row("small")["signed_by"] == "Lena Hartmann"


def test_an_edit_shows_what_changed_and_what_nothing_holds(desk: Desk, hasty: str, sits: Sits) -> None:
    """While somebody types, the difference stands below, and each figure with its evidence; then their version goes."""
    seat = sits(hasty, "Priya Nair")
    page = seat.open(card(desk, "mid"))
    assert "issue credit, amount" in page.locator(".claims").inner_text()
    page.locator("#reply").fill("We have added a credit of USD 45.00 for you.")
    page.locator("ins").first.wait_for()
    assert page.locator("del").first.inner_text() == "40.00."
    page.locator(".claims .unsure").wait_for()
    assert "nothing on record says this" in page.locator(".claims").inner_text()
    assert page.locator("button#approve").is_disabled()
    page.locator("#reply").fill("We have gladly added a credit of USD 40.00.")
    page.locator("summary", has_text="Send my version").click()
    page.get_by_role("button", name="Send my version").click()
    until(lambda: bool(desk.world.rows("review", verdict="edit")))
    until(lambda: bool(desk.world.rows("outbox", ticket_id="T-mid")))
    seat.calm()


def test_the_second_of_two_hears_who_was_first(desk: Desk, hasty: str, sits: Sits) -> None:
    """Two open the same card; the one who decides later gets 409, the name, and the text that they had written."""
    one, other = sits(hasty), sits(hasty, "Priya Nair")
    for seat in (one, other):
        seat.open(card(desk, "small"))
    other.page.locator("#reply").fill("My very own words.")
    one.page.get_by_role("button", name="Approve", exact=True).click()
    until(lambda: bool(desk.world.rows("review")))
    other.page.locator("summary", has_text="Send my version").click()
    with other.page.expect_response(
        lambda answer: answer.request.method == "POST" and "/diff" not in answer.url
    ) as found:
        other.page.get_by_role("button", name="Send my version").click()
    assert found.value.status == 409
    assert "Lena Hartmann was first: approve" in other.page.get_by_role("alert").inner_text()
    assert other.page.get_by_label("What you had written").input_value() == "My very own words."


def test_an_undo_brings_back_what_was_typed(desk: Desk, served: str, sits: Sits) -> None:
    """Within ten seconds nothing has left, and the card opens with the version that was on its way."""
    seat = sits(served, "Priya Nair")
    page = seat.open(card(desk, "mid"))
    page.locator("#reply").fill("We have gladly added a credit of USD 40.00.")
    page.locator("summary", has_text="Send my version").click()
    page.get_by_role("button", name="Send my version").click()
    page.get_by_role("button", name="Take it back").click()
    page.get_by_text("Taken back.").wait_for()
    assert page.locator("#reply").input_value() == "We have gladly added a credit of USD 40.00."
    assert (desk.row("mid")["status"], desk.world.rows("outbox", ticket_id="T-mid")) == ("pending", [])
    seat.calm()


def test_after_its_time_a_verdict_cannot_be_taken_back(desk: Desk, hasty: str, sits: Sits) -> None:
    """The countdown runs out, the page says what became of it, and a late click says that it is too late."""
    seat = sits(hasty)
    page = seat.open(card(desk, "small"))
    page.get_by_role("button", name="Approve", exact=True).click()
    page.get_by_text("Company A-1: approved.").wait_for()
    assert page.get_by_role("button", name="Take it back").count() == 0
    seat.calm()
    late = "(path) => fetch(path, {method: 'POST'}).then(async (one) => [one.status, await one.text()])"
    status, said = page.evaluate(late, f"{card(desk, 'small')}/undo")
    assert (status, "too late" in said) == (409, True)


def test_a_large_stake_asks_for_a_sentence(desk: Desk, served: str, sits: Sits) -> None:
    """The refused form comes back with what was typed, the sentence at the field, and the focus in it."""
    seat = sits(served)
    page = seat.open(card(desk, "large"))
    page.locator("summary", has_text="Approve").click()
    page.get_by_label("Much is at stake").fill("fine")
    page.get_by_role("button", name="Approve and send").click()
    page.get_by_role("alert").wait_for()
    field = page.get_by_label("Much is at stake")
    assert field.input_value() == "fine"
    assert field.get_attribute("aria-invalid") == "true"
    assert field.evaluate("one => one === document.activeElement")
    field.fill("The guide answers exactly what they asked.")
    page.get_by_role("button", name="Approve and send").click()
    page.get_by_role("button", name="Take it back").wait_for()


def test_a_phone_is_enough(desk: Desk, served: str, sits: Sits) -> None:
    """At 390 pixels nothing is wider than the screen, every target can be hit, and a draft is rejected."""
    seat = sits(served, viewport=PHONE, has_touch=True)
    for path in ("/", "/?tab=team", "/handoffs", "/people", "/access", "/keys", card(desk, "small")):
        page = seat.open(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
        assert page.evaluate(SMALLEST) == [], path
    page.locator("summary", has_text="Reject").tap()
    page.get_by_label("Why it is wrong").select_option("tone_or_brand")
    page.get_by_label("Minor").check()
    page.get_by_role("button", name="Reject it").tap()
    page.get_by_role("button", name="Take it back").wait_for()
    seat.calm()


def test_four_hundred_per_cent_is_readable(desk: Desk, served: str, sits: Sits) -> None:
    """At a quarter of a small laptop's width nothing runs out of the page, and the bar covers none of it."""
    seat = sits(served, viewport={"width": 320, "height": 256})
    for path in ("/", card(desk, "mid")):
        page = seat.open(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
    assert page.locator(".bar").evaluate("one => getComputedStyle(one).position") == "static"


def test_without_a_script_everything_works(desk: Desk, served: str, sits: Sits) -> None:
    """Preview, edit, the signed page, the undo and the queue's tabs need nothing but forms and links."""
    seat = sits(served, java_script_enabled=False)
    page = seat.open(card(desk, "small"))
    page.locator("#reply").fill("We have noted your credit with pleasure.")
    page.get_by_role("button", name="Preview my version").click()
    assert "with pleasure." in page.locator(".diff").inner_text()
    page.locator("summary", has_text="Send my version").click()
    page.get_by_role("button", name="Send my version").click()
    assert page.url.partition("?")[0].endswith("/signed")
    page.get_by_role("button", name="Take it back").click()
    assert page.locator("#reply").input_value() == "We have noted your credit with pleasure."
    page.locator("#back").click()
    page.get_by_role("link", name="Handled alone").click()
    assert page.locator(".open").get_attribute("href").startswith("/why/")  # type: ignore[union-attr]


def test_counts_follow_the_queue(desk: Desk, served: str, sits: Sits) -> None:
    """What somebody else decides leaves the count of an open page within seconds."""
    seat = sits(served)
    page = seat.open("/?tab=team")
    team = page.locator(".tabs [data-count=team]")
    assert team.inner_text() == "4"
    row = desk.row("twin")
    with desk.world.inside():
        desk.inbox.sign(desk.inbox.person("Priya Nair"), row["id"], Given(choice="approve", card=row["card_digest"]))
    until(lambda: team.inner_text() == "3")
    seat.calm()


def test_small_drafts_of_one_kind_go_together(desk: Desk, hasty: str, sits: Sits) -> None:
    """Boxes stand only where it is allowed; each reply is seen in full, and each gets its own verdict."""
    seat = sits(hasty)
    page = seat.open("/?tab=team")
    boxes = page.locator(".pick input")
    assert boxes.count() == 2
    for index in range(2):
        boxes.nth(index).check()
    page.get_by_role("button", name="Look at the chosen ones together").click()
    assert page.locator("blockquote.reply").count() == 2
    page.get_by_role("button", name="Approve the ticked ones").click()
    assert page.get_by_text("approved.", exact=False).count() >= 2
    until(lambda: len(desk.world.rows("review", verdict="approve")) == 2)
    seat.calm()


def scan(seat: Seat) -> list[str]:
    """Return what axe finds against the rules of WCAG 2.2 AA and its best practices."""
    from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]

    found = Axe().run(seat.page).response["violations"]
    return [f"{one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(desk: Desk, served: str, sits: Sits, scheme: str) -> None:
    """Queue, card, open panel, refused form, signed page, handoff, people and keys are without a violation."""
    pytest.importorskip("axe_playwright_python")
    seat = sits(served, "Priya Nair", color_scheme=scheme, reduced_motion="reduce")
    handoff = desk.world.handoff("T-handoff")["id"]
    paths = ("/", "/?tab=team", "/?tab=alone", "/handoffs?whose=all", f"/handoffs/{handoff}", "/people", "/keys")
    found: dict[str, Any] = {}
    for path in (*paths, card(desk, "mid"), f"/together?d={desk.drafts['small']}&d={desk.drafts['twin']}"):
        seat.open(path)
        found[path] = scan(seat)
    seat.calm()
    found |= _decided(desk, seat)
    assert {path: said for path, said in found.items() if said} == {}


def _decided(desk: Desk, seat: Seat) -> dict[str, list[str]]:
    """Scan a changed reply, an open panel, a refused form, and the pages after a verdict."""
    page, found = seat.open(card(desk, "mid")), {}
    page.locator("#reply").fill("We have added a credit of USD 45.00 by 3 December.")
    page.locator("ins").first.wait_for()
    page.locator("summary", has_text="Reject").click()
    found["panel"] = scan(seat)
    page.get_by_role("button", name="Reject it").click()
    page.get_by_role("alert").wait_for()
    found["refused"] = scan(seat)
    page.get_by_label("Why it is wrong").select_option("other")
    page.get_by_label("Minor").check()
    page.get_by_role("button", name="Reject it").click()
    page.get_by_role("button", name="Take it back").wait_for()
    found["next"] = scan(seat)
    seat.open(f"{card(desk, 'mid')}/signed")
    found["signed"] = scan(seat)
    return found
