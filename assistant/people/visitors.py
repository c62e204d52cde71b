"""A public demo's visitors: what is kept of them, where, and for how long."""

from __future__ import annotations

import json
import logging
import threading
import time
from datetime import timedelta
from pathlib import Path

from assistant.errors import RespostaError
from assistant.people.access import VISITOR
from assistant.settings import Settings
from assistant.store.connection import Store
from assistant.versions.hub import Hub
from assistant.whole_file import write_whole

log = logging.getLogger(__name__)

KEPT = timedelta(hours=24)
_ROUND_SECONDS = 300.0
# The last rating that lies on the Hub.
_PUSHED = "feedback_pushed"


def notice(settings: Settings) -> str:
    """What the page tells visitors about what is kept."""
    hours = round(KEPT / timedelta(hours=1))
    if settings.database_url or (settings.feedback_repo and settings.hf_token):
        return (
            f"A demo, open to everyone: write nothing confidential. What you rate is kept, with the question, to train "
            f"the judge; all else is forgotten after {hours} hours."
        )
    return (
        f"A demo, open to everyone: write nothing confidential. What you ask and rate is not kept; it is forgotten "
        f"after {hours} hours or when the demo restarts."
    )


class Visitors:
    """Sends visitors' ratings to the data set named by the settings, if any, and deletes old interactions.

    Ratings are sent as training pairs, every few minutes and at the end; what could not be sent is sent the next time.
    """

    def __init__(self, settings: Settings, store: Store, hub: Hub) -> None:
        self._store = store
        self._hub = hub
        self._repo = settings.feedback_repo if settings.hf_token else None
        if settings.feedback_repo and not self._repo:
            log.warning("ratings are not kept: RESPOSTA_FEEDBACK_REPO needs an HF_TOKEN that may write there")
        # With a database of its own a demo keeps what visitors rated.
        self._keeps_rated = bool(settings.database_url)
        self._pushed = settings.data_dir / _PUSHED
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="visitors", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Send new ratings once more, and stop."""
        self._stopped.set()
        self._thread.join()

    def tidy(self) -> None:
        """Send the ratings since the last time, and delete old interactions.

        Raises `ModelError` when the Hub does not take it; what was rated is not forgotten then.
        """
        unsent = bool(self._repo)
        try:
            if self._repo:
                self._push(self._repo)
                unsent = False
        finally:
            gone = self._store.interactions.forget(VISITOR, KEPT, but_rated=self._keeps_rated or unsent)
            if gone:
                log.info("forgot what visitors asked", extra={"interactions": gone})

    def _follow(self) -> None:
        while True:
            over = self._stopped.wait(_ROUND_SECONDS)
            try:
                self.tidy()
            except RespostaError as error:
                log.warning("what visitors rated stays here for now: %s", error)
            except Exception:
                log.exception("the demo could not be tidied up")
            if over:
                return

    def _push(self, repo: str) -> None:
        last = _number(self._pushed)
        pairs = list(self._store.judgements.pairs(VISITOR, last))
        if not pairs:
            return
        lines = "".join(json.dumps(pair.as_row(), ensure_ascii=False) + "\n" for pair in pairs)
        newest = max(pair.feedback for pair in pairs)
        # The name holds the time as well, because a demo that lost its disk counts from one again.
        self._hub.add_rows(repo, f"feedback/{time.time_ns()}-{newest}.jsonl", lines.encode())
        write_whole(self._pushed, str(newest))


def _number(file: Path) -> int:
    return int(file.read_text(encoding="utf-8")) if file.is_file() else 0
