"""The model's label scores of many pairs: several in one forward pass, as many as a pack holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from assistant import prompts
from assistant.generator import Generator, LabelScore, TreePrompt
from assistant.judge.judge import readable_logit
from assistant.prompts import ChatFormat, PairPrompt
from assistant.serving.load import LoadedModel
from evals.data.published import QuestionPair

# Pairs that are looked at together: of each language among them enough to fill packs.
WINDOW = 128

Template = Callable[[QuestionPair, ChatFormat], PairPrompt]


def as_the_app_asks(pair: QuestionPair, chat: ChatFormat) -> PairPrompt:
    """The judge's prompt for one pair."""
    return prompts.label_first(pair.question1, pair.question2, pair.language, chat)


def label_logits(model: LoadedModel, pairs: Iterable[QuestionPair]) -> Iterator[float | None]:
    """log P(same) - log P(different) of every pair, in order, as the judge reads it; None for an unreadable reply."""
    scores = label_scores(model.generator, model.base.chat, pairs, model.identity.adapter)
    return map(readable_logit, scores)


def label_scores(
    generator: Generator,
    chat: ChatFormat,
    pairs: Iterable[QuestionPair],
    adapter: str | None,
    template: Template = as_the_app_asks,
) -> Iterator[LabelScore]:
    """What the model says of every pair, in order. At most `WINDOW` of them are held at a time.

    Every pair's score is that of its prompt alone: a pack's pairs do not see each other. Which pairs share a pack
    depends on the pairs only, so the same pairs get the same scores to the last bit.
    """
    waiting = iter(pairs)
    while window := list(islice(waiting, WINDOW)):
        asked = [template(pair, chat) for pair in window]
        scores: dict[int, LabelScore] = {}
        for pack in _packs(generator, asked):
            head = asked[pack[0]].head
            leaves = tuple(asked[place].asked + asked[place].past for place in pack)
            scores |= zip(pack, generator.score(TreePrompt(head, (), leaves), adapter), strict=True)
        yield from (scores[place] for place in range(len(window)))


def _packs(generator: Generator, asked: Sequence[PairPrompt]) -> Iterator[list[int]]:
    """Places of prompts that begin alike, together no longer than is computed well in one pass."""
    by_head: dict[tuple[prompts.Segment, ...], list[int]] = defaultdict(list)
    for place, prompt in enumerate(asked):
        by_head[prompt.head].append(place)
    for places in by_head.values():
        pack: list[int] = []
        size = 0
        for place in places:
            tokens = generator.token_count(asked[place].asked + asked[place].past)
            if pack and size + tokens > generator.pack_tokens:
                yield pack
                pack, size = [], 0
            pack.append(place)
            size += tokens
        yield pack
