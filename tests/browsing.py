"""Pages in a real browser: the Chromium of this machine, and what is heard of a page while it is open."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

QUIET = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
QUIET += " --disable-component-update --disable-sync"
WATCH = """
  window.violations = [];
  document.addEventListener("securitypolicyviolation", (event) => window.violations.push(event.violatedDirective));
"""
PHONE = {"width": 390, "height": 844}


@contextmanager
def started() -> "Iterator[Browser]":
    """Start the Chromium of this machine; skip with a word where there is none."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium is on this machine, so that nothing can be seen in a browser")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=QUIET.split())
        yield browser
        browser.close()


def watched(context: "BrowserContext") -> "tuple[Page, list[str]]":
    """Open a page that notes breaches of its policy as `window.violations`; return it with what it says and raises."""
    page, said = context.new_page(), list[str]()
    page.set_default_timeout(10_000)
    page.add_init_script(WATCH)
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    return page, said
