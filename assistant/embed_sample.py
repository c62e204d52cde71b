"""Embed the sample library anew into the file that is shipped.

    python -m assistant.embed_sample

Needed after a change of the sample library or of the default embedding model.
"""

from __future__ import annotations

import argparse

from assistant.command_line.runner import Command
from assistant.library.sample_vectors import FILE, sample_texts, save
from assistant.search.embedder import open_embedder
from assistant.settings import Settings, load_settings


def _work(options: argparse.Namespace) -> None:
    # The file is shipped, whatever model this machine has been set to.
    settings = load_settings(embedding_model=Settings.model_fields["embedding_model"].default)
    texts = sample_texts()
    save(open_embedder(settings), texts)
    print(f"{FILE.name}: {len(texts)} texts, {FILE.stat().st_size:,} bytes")


main = Command("assistant.embed_sample", __doc__, work=_work)

if __name__ == "__main__":
    main.run()
