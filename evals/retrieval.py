"""Recall, MRR and nDCG of retrieval, and of retrieval ordered by the judge, on rewordings of known questions; and how
often nothing is shown for queries that have no answer.

    python -m evals.retrieval AIA_BDE_FOLDER [--limit N] [--distractors QQP/train.csv] [--no-judge]

Runs on a library of its own in a temporary folder; the app's is not touched.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import TypeVar

from assistant.command_line.arguments import count
from assistant.command_line.progress_bars import progress_bar
from assistant.command_line.runner import Command
from assistant.judge.judge import Judge
from assistant.records import Answer, Candidate
from assistant.search.embedder import open_embedder
from assistant.search.retriever import Retriever
from assistant.serving.build import make_judge
from assistant.serving.choose import open_model
from assistant.settings import load_settings
from assistant.store.connection import Store, open_store
from evals.data.published import (
    Query,
    is_for_fitting,
    is_for_training,
    load_faqs,
    load_pairs,
    load_queries,
    load_unanswerable,
)
from evals.measures.ranking import mean_reciprocal_rank, ndcg_at, recall_at

# Deeper than the ten that count, because equal answers take one place.
POOL = 30
DISTRACTORS = 10_000

Item = TypeVar("Item")


def fill(store: Store, folder: Path, distractors: Path | None) -> int:
    """Put the FAQs into the library, and unrelated answers beside them; returns how many of those."""
    store.answers.upsert(Answer(str(faq.id), faq.question, faq.answer, "pt") for faq in load_faqs(folder))
    if distractors is None:
        return 0
    texts = dict.fromkeys(text for pair in load_pairs(distractors) for text in (pair.question1, pair.question2))
    # Entered as Portuguese, or the filter by language would keep them out and the test would be empty.
    rows = [Answer(f"unrelated-{i}", text, text, "pt") for i, text in enumerate(islice(texts, DISTRACTORS))]
    store.answers.upsert(rows)
    return len(rows)


def rank(
    queries: Sequence[Query], answers: dict[int, str], retriever: Retriever, judge: Judge | None
) -> tuple[list[list[str]], list[list[str]]]:
    """The answers' texts in retrieval's order and, with a judge, in its order."""

    def text(candidate: Candidate) -> str:
        # As the data set has it: what is stored has contacts scrubbed.
        return answers[int(candidate.answer.id)] if candidate.answer.id.isdigit() else candidate.answer.answer

    retrieved, judged = [], []
    for query in progress_bar(queries, unit="query"):
        candidates = retriever.candidates(query.text, ("pt",), POOL)
        retrieved.append([text(candidate) for candidate in candidates])
        if judge is not None:
            verdicts = judge.judge(query.text, "pt", candidates)
            judged.append([text(verdict.candidate) for verdict in verdicts])
    return retrieved, judged


def nothing_shown(queries: Sequence[str], retriever: Retriever, judge: Judge) -> float:
    """The share of queries that get no match, in [0, 1]."""
    without = 0
    for query in progress_bar(queries, unit="query"):
        verdicts = judge.judge(query, "pt", retriever.candidates(query, ("pt",), POOL))
        without += all(verdict.label != "same" for verdict in verdicts)
    return without / len(queries)


def spread_over(queries: Sequence[Item], limit: int | None) -> Sequence[Item]:
    """About `limit` of them, from everywhere: queries about one FAQ stand together."""
    return queries[:: max(1, len(queries) // limit)] if limit else queries


def report(name: str, queries: Sequence[Query], rankings: Sequence[Sequence[str]], answers: dict[int, str]) -> None:
    """One line for all queries, one for those whose FAQ neither trained the adapter nor fitted the calibration."""

    def is_unseen(query: Query) -> bool:
        return not is_for_fitting(query.faq_id) and not is_for_training(query.faq_id)

    for group, kept in (("all", lambda query: True), ("unseen", is_unseen)):
        rows = [(ranked, answers[query.faq_id]) for ranked, query in zip(rankings, queries, strict=True) if kept(query)]
        ranked, right = [row[0] for row in rows], [row[1] for row in rows]
        print(
            f"{name:<22} {group:<7} n={len(rows):<5} recall@1 {recall_at(1, ranked, right):.4f}"
            f"  @5 {recall_at(5, ranked, right):.4f}  @10 {recall_at(10, ranked, right):.4f}"
            f"  MRR {mean_reciprocal_rank(ranked, right):.4f}  nDCG@10 {ndcg_at(10, ranked, right):.4f}"
        )


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, help="folder with faqs.jsonl and queries_dev.jsonl")
    parser.add_argument("--limit", type=count, help="ask only about N queries, spread over all")
    parser.add_argument("--distractors", type=Path, help="CSV of question pairs to add as unrelated answers")
    parser.add_argument("--no-judge", action="store_true", help="measure retrieval alone")


def _work(options: argparse.Namespace) -> None:
    queries = spread_over(load_queries(options.folder), options.limit)
    unanswerable = spread_over(load_unanswerable(options.folder), options.limit)
    answers = {faq.id: faq.answer for faq in load_faqs(options.folder)}
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(data_dir=Path(folder), database_url=None)
        embedder = open_embedder(settings)
        with open_store(settings) as store:
            added = fill(store, options.folder, options.distractors)
            retriever = Retriever(store, embedder)
            print(f"{len(answers)} answers, {added} unrelated ones, {len(queries)} queries")
            if options.no_judge:
                retrieved, _ = rank(queries, answers, retriever, None)
                report("retrieval", queries, retrieved, answers)
                return
            with open_model(settings) as model:
                judge = make_judge(settings, model, embedder)
                retrieved, judged = rank(queries, answers, retriever, judge)
                refused = nothing_shown(unanswerable, retriever, judge)
            report("retrieval", queries, retrieved, answers)
            report("retrieval and judge", queries, judged, answers)
            print(f"no answer exists       n={len(unanswerable):<5} nothing shown {refused:.4f}")


main = Command("evals.retrieval", __doc__, arguments=_arguments, work=_work)

if __name__ == "__main__":
    main.run()
