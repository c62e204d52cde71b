"""A real browser on the running app. Every page is watched: no console errors, no request to another host."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

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


def _chromium() -> str:
    found = "/usr/bin/chromium" if Path("/usr/bin/chromium").exists() else shutil.which("chromium")
    if not found:
        pytest.fail("The browser tests need Chromium; install it: apt-get update && apt-get install -y chromium")
    return found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=_chromium(), args=ARGUMENTS)
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
