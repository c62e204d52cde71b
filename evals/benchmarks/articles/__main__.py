"""The two articles' own evaluation protocols, reproduced on our models, with honest figures beside them.

    python -m evals.benchmarks.articles a QQP/dev.csv [--limit 32] [--tokens 48]
    python -m evals.benchmarks.articles b FAQUAD/dev.json [--limit N]

Article A: "Fine-Tuning Llama 3 with LoRA: Step-by-Step Guide", which reports 99 %. Article B: "LLM Fine-Tuning and
Model Selection Using Neptune and Transformers", which reports 0.143 exact match and 0.157 F1. Both loops take minutes
on two cores, so A's asks only the first pairs and caps what is written.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from assistant.command_line.arguments import count
from assistant.command_line.runner import Command
from assistant.errors import InputError, ModelError
from assistant.reader.reader import Reader
from assistant.search.embedder import open_embedder
from assistant.serving.build import span_reader
from assistant.serving.choose import open_model
from assistant.settings import Settings, load_settings
from assistant.tasks import task_of
from evals.benchmarks.articles.pairs import Agreement, article_a
from evals.benchmarks.articles.reading import NEW_TOKENS, article_b
from evals.data.published import load_pairs
from evals.data.squad import load_squad

# Four minutes on two cores.
PAIRS, TOKENS = 32, 48


def show_a(settings: Settings, file: Path, limit: int, tokens: int) -> None:
    """Print article A's protocol and honest ones on the first `limit` pairs of `file`."""
    pairs = load_pairs(file)[:limit]
    if not pairs:
        raise InputError(f"{file} holds no pairs: give a file with at least one.")
    with open_model(settings) as model:
        found = article_a(model, pairs, tokens)
        print(f"{len(pairs)} pairs, {model.base.name}, at most {tokens} new tokens a text")
    print(f"article A's loop:                     {_shown(found.published)}")
    print("  The model was given the stored text, true label included, and the first label of the whole is read: the")
    print("  one it was given, whatever the model does. This is how 99 % came about.")
    print(f"written from the prompt alone:        {_shown(found.written)}")
    print("  The same template and parser without the answer in the prompt: explanation first, then the label. An")
    print("  adapter that was trained to give the label first seldom writes one here; other replies are unreadable.")
    print(f"label first, as the app reads it:     {_shown(found.label_first)}")
    print("  One forward pass over the prompt alone, with the template that the adapter was trained on.")


def show_b(settings: Settings, file: Path, limit: int | None) -> None:
    """Print article B's protocol and SQuAD's on the first `limit` questions of `file`."""
    questions = [question for question in load_squad(file) if question.is_answerable][:limit]
    if not questions:
        raise InputError(f"{file} holds no question with an answer: give a file with at least one.")
    with open_model(settings, task_of("reader").name) as model:
        if model is None:
            raise ModelError("There is no reading adapter to measure: set RESPOSTA_READING_ADAPTER.")
        reader = Reader(open_embedder(settings), span_reader=span_reader(model))
        found = article_b(model, reader, questions)
        print(f"{found.questions} questions, {model.base.name}")
    for name, matches in (
        ("article B's protocol, the bare base:", found.before),
        ("article B's protocol, the adapter: ", found.after),
        ("SQuAD's, the app's reader:         ", found.squad),
    ):
        print(f"{name} exact match {matches.exact_match:.3f}  F1 {matches.f1:.3f}")
    print(
        f"  Article B writes {NEW_TOKENS} tokens and cuts them to the truth's length. An answer that goes on is right"
    )
    print(
        f"  all the same, and none of the {found.too_long} longer ones can be. It knows one gold answer and minds case;"
    )
    print("  its F1 compares token ids place by place. SQuAD's compares normalized words with all gold answers.")


def _shown(found: Agreement) -> str:
    accuracy = "none" if found.accuracy is None else f"{found.accuracy:.3f}"
    return f"accuracy {accuracy} over {found.readable} readable replies of {found.rows}"


def _arguments(parser: argparse.ArgumentParser) -> None:
    articles = parser.add_subparsers(dest="article", required=True)
    a = articles.add_parser("a", help="question pairs")
    a.add_argument("file", type=Path, help="CSV with question1, question2, is_duplicate")
    a.add_argument("--limit", type=count, default=PAIRS, help="only the first pairs (default: %(default)s)")
    a.add_argument(
        "--tokens", type=count, default=TOKENS, help="new tokens a text (default: %(default)s; article: 400)"
    )
    b = articles.add_parser("b", help="Portuguese questions")
    b.add_argument("file", type=Path, help="SQuAD-format JSON")
    b.add_argument("--limit", type=count, help="only the first questions")


def _work(options: argparse.Namespace) -> None:
    if options.article == "a":
        show_a(load_settings(), options.file, options.limit, options.tokens)
    else:
        show_b(load_settings(), options.file, options.limit)


main = Command("evals.benchmarks.articles", __doc__, arguments=_arguments, work=_work)

if __name__ == "__main__":
    main.run()
