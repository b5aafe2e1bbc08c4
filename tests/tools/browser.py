"""A headless Chromium for tests and screenshots."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PATIENCE_MS = 60_000


@contextmanager
def page(*, offline: bool = False, height: int = 1000) -> Iterator:
    """A playwright page in Debian's (or any installed) Chromium; skips where there is none."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.skip("needs a Chromium browser: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=found, args=["--no-sandbox"])
        try:
            context = browser.new_context(offline=offline, viewport={"width": 1800, "height": height})
            context.set_default_timeout(PATIENCE_MS)
            yield context.new_page()
        finally:
            browser.close()


def opened(page, link: str, awaited: str) -> None:
    """Opens a page of MLflow's and waits for a text on it; closes the assistant that takes a third of it."""
    page.goto(link)
    page.get_by_text(awaited, exact=True).first.wait_for()
    assistant = page.locator("button[aria-label*='lose']")
    if assistant.count():
        assistant.first.click()


def settled(page, file: Path) -> None:
    """A screenshot once nothing moves."""
    page.wait_for_timeout(2000)
    page.screenshot(path=file)
