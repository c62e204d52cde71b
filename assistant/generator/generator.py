"""The interface of every generator, and the code they share, wherever the model computes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path

from assistant.generator.decoding import Allowed
from assistant.generator.engine import Engine
from assistant.generator.jobs import LabelScore, TreePrompt
from assistant.generator.packing import Packed, Packer, Tree
from assistant.prompts import Segment

# The cost of attention grows with the square of a pack; a larger pack would cost more than padding.
PACK_TOKENS = {"cpu": 512, "cuda": 4096}


class Generator(ABC):
    """The model as its callers see it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._packer = Packer(engine)
        self._budget = PACK_TOKENS[engine.device]

    @property
    def base(self) -> str:
        return self._engine.weights.base.name

    @property
    def hardware(self) -> str:
        """What it computes on and in, such as "cpu float32" or "cuda bfloat16 4bit"."""
        return self._engine.hardware

    @property
    def stop_id(self) -> int:
        return self._engine.stop_id

    def token_ends(self, text: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The tokens of quoted `text`, and the character offset behind each."""
        return self._engine.token_ends(text)

    def text(self, ids: Sequence[int]) -> str:
        """The text of the token ids."""
        return self._engine.text(ids)

    @property
    def pack_tokens(self) -> int:
        """How many tokens fit well into one pass; beyond that each token costs more."""
        return self._budget

    def token_count(self, segments: Sequence[Segment]) -> int:
        return len(self._engine.encode(segments))

    @abstractmethod
    def load_adapter(self, folder: Path) -> str:
        """Load a PEFT adapter; returns the digest that names it from now on."""

    @abstractmethod
    def unload_adapter(self, name: str) -> None:
        """Free the memory of an adapter that is no longer used."""

    @abstractmethod
    def score(self, prompt: TreePrompt, adapter: str | None = None) -> list[LabelScore]:
        """The label scores of all leaves, in order."""

    @abstractmethod
    def stream(
        self,
        prompt: TreePrompt,
        limit: int,
        adapter: str | None = None,
        allowed: Sequence[Allowed] | None = None,
    ) -> Iterable[tuple[int, str, bool]]:
        """Write at most `limit` tokens behind every leaf, greedily, of those that `allowed` of the leaf gives.

        Iterate for (leaf, text so far, finished); closing or dropping the iterator stops the writing.
        """

    @abstractmethod
    def choose(self, prompt: Sequence[Segment], allowed: Allowed, limit: int, adapter: str | None = None) -> list[int]:
        """At most `limit` tokens behind `prompt`, each the most probable of those that `allowed` gives."""

    @abstractmethod
    def close(self) -> None:
        """Stop. Later calls raise `ModelError`."""

    def _encode(self, prompt: TreePrompt) -> tuple[tuple[int, ...], Tree]:
        # In the caller's thread: encoding does not wait for the model.
        encode = self._engine.encode
        leaves = tuple(tuple(encode(leaf)) for leaf in prompt.leaves)
        return tuple(encode(prompt.head)), Tree(tuple(encode(prompt.stem)), leaves)

    def _encode_one(self, prompt: Sequence[Segment]) -> tuple[tuple[int, ...], Tree]:
        return (), Tree((), (tuple(self._engine.encode(prompt)),))

    # The methods below compute; they are called in the thread or worker that has the model.

    def _pack(self, head: tuple[int, ...], trees: Sequence[Tree], adapter: str | None) -> Packed:
        with self._engine.use(adapter):
            return self._packer.run(head, trees, adapter)

    def _label_scores(self, packed: Packed) -> list[LabelScore]:
        """The scores of all leaves of a pack, in order."""
        labels = self._engine.label_logits(packed.last)
        everything = self._engine.model.lm_head(packed.last).float().logsumexp(-1)
        mass = (labels.logsumexp(-1) - everything).exp().clamp(max=1).tolist()
        return [LabelScore(*pair) for pair in zip((labels[:, 0] - labels[:, 1]).tolist(), mass, strict=True)]
