"""What the served app switches off in the libraries it uses."""

from __future__ import annotations

import os
import sys


def silence_libraries() -> None:
    """Switch off the libraries' telemetry, history and progress bars. Call it before they are imported."""
    os.environ.update(
        GRADIO_ANALYTICS_ENABLED="False",
        GRADIO_RUN_HISTORY="False",
        GRADIO_MCP_SERVER="False",
        HF_HUB_DISABLE_TELEMETRY="1",
        DO_NOT_TRACK="1",
        DISABLE_TELEMETRY="1",
        TOKENIZERS_PARALLELISM="false",
        TRANSFORMERS_VERBOSITY="error",
    )
    if not sys.stderr.isatty():
        os.environ["TQDM_DISABLE"] = "1"
