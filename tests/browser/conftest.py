"""A real browser on the running app. Every page is watched: no console errors, no request to another host."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.support.chromium import ChromiumMissing, find_chromium

ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-gpu",
    "--disable-quic",
]
WIDE = (1280, 800)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = find_chromium()
    if not found:
        raise ChromiumMissing("there is none on PATH")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield running
        running.close()


class Watch:
    """What a page did that it must not do."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def follow(self, page: Page, own: str) -> None:
        page.on("console", lambda message: message.type == "error" and self.problems.append(message.text))
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("request", lambda request: self._host(request.url, urlsplit(own).netloc))

    def _host(self, url: str, own: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.netloc != own:
            self.problems.append(f"request to {url}")


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Fails the test at its end if a page complained; a test that provokes a complaint clears it."""
    watching = Watch()
    yield watching
    assert watching.problems == []


@pytest.fixture
def visit(browser: Browser, watch: Watch) -> Iterator[Callable[..., Page]]:
    """Open an app as a new visitor: a browser context with its own storage."""
    contexts: list[BrowserContext] = []

    def open_page(url: str, size: tuple[int, int] = WIDE, **options) -> Page:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            permissions=["clipboard-read", "clipboard-write"],
            **options,
        )
        contexts.append(context)
        page = context.new_page()
        watch.follow(page, url)
        page.goto(url)
        page.get_by_label("Customer's question").wait_for()
        return page

    yield open_page
    for context in contexts:
        context.close()
