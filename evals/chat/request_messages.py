"""Chats for models: our instructions, with people's texts beside them as JSON strings."""

from __future__ import annotations

import json
from typing import Any

from assistant.text.messages import one_line


def chat(instructions: str, content: Any) -> list[dict[str, str]]:
    """Of `content`, JSON values, what people wrote has gone through `data`."""
    return [
        {"role": "system", "content": instructions},
        {"role": "user", "content": json.dumps(content, ensure_ascii=False)},
    ]


def data(text: str) -> str:
    """`text` on one line."""
    # JSON files can hold half of a surrogate pair, which cannot be sent.
    return one_line(text).encode("utf-8", "replace").decode()
