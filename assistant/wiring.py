"""Opens a desk: the library, the models, and the thread that follows the registry."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from assistant.desk import Desk
from assistant.library.transfer import import_sample
from assistant.search.embedder import open_embedder
from assistant.search.retriever import Retriever
from assistant.serving.build import make_serving
from assistant.serving.choose import open_models
from assistant.serving.current import Served
from assistant.serving.swap import Swapper
from assistant.settings import Settings
from assistant.store.connection import Store
from assistant.versions.registry import open_registry


@contextmanager
def open_desk(settings: Settings, store: Store, sample: bool = False) -> Iterator[Desk]:
    """A desk on `store`, which stays open after it. With `sample`, a new store gets the sample library.

    It follows the registry's production versions, but not on ZeroGPU, where nothing can be loaded after the start.
    """
    embedder = open_embedder(settings)
    if sample:
        import_sample(store, embedder, settings)
    retriever = Retriever(store, embedder)
    registry = open_registry(settings, store)
    registry.register_shipped()
    with open_models(settings, registry) as models:
        first = make_serving(settings, models.judging, models.reading, embedder)
        spare = make_serving(settings, *models.spare, embedder) if models.spare else None
        served = Served(first, models.generators.unload, models.notices, spare)
        desk = Desk(settings, store, retriever, served)
        if settings.zero_gpu:
            yield desk
            return
        with closing(Swapper(settings, registry, embedder, models.generators, served)) as swapper:
            swapper.start(models.refused)
            yield desk
