"""The command on what the app itself would answer: candidates that are rivals, and questions asked of texts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assistant.versions.registry import SHIPPED_FOLDER
from evals.data.named_sets import RowSet
from evals.data.published import QuestionPair
from evals.data.squad import exact_match, f1
from evals.row_records import MeasuredPair
from evals.run import main
from evals.runs.evaluation import _batches

# Those with odd numbers measure.
FAQS = {
    1: ("Como cancelo uma reserva de quarto?", "Na página da reserva, até à véspera."),
    3: ("Como altero a data de uma reserva?", "Telefone para a receção do hotel."),
    5: ("O hotel tem garagem?", "Sim, por doze euros a noite."),
    9: ("Posso levar o meu cão?", "Até dez quilos é bem-vindo."),
}
QUERIES = [(1, "Quero desistir da minha reserva, como faço?"), (5, "Onde é que deixo o carro?")]
TEXTS = {
    "Farol": ("O farol foi erguido em 1848 pelo engenheiro Abel Prata.", [("Em que ano se ergueu o farol?", "1848")]),
    "Moinho": ("O moinho pertence à família Seixas e mói centeio.", [("O que mói o moinho?", "centeio")]),
}


def written(path: Path, lines: list[dict]) -> None:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def report_of(folder: Path) -> dict:
    return json.loads((folder / "report.json").read_text(encoding="utf-8"))


def test_rewordings_of_public_faqs_meet_their_rivals(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "faqs"
    folder.mkdir()
    answers = [{"faq_id": number, "question": asked, "answer": answer} for number, (asked, answer) in FAQS.items()]
    written(folder / "faqs.jsonl", answers)
    written(folder / "queries_dev.jsonl", [{"faq_id": number, "query": query} for number, query in QUERIES])
    judge = str(SHIPPED_FOLDER / "question-similarity")
    out = ["--out", str(tmp_path / "out"), "--no-texts", "--reasons", "0"]
    assert main(["--adapter", judge, "--data", str(folder), *out]) == 0
    assert "6 rows measured, 0 dropped" in (shown := capsys.readouterr().out)
    found = report_of(tmp_path / "out")
    assert [row["same"] for row in found["rows"]] == [True, False, False] * 2
    assert found["data"]["languages"] == {"pt": 6} and "question1" not in found["rows"][0]
    # Of candidates of one question at most one is all but sure.
    for start in (0, 3):
        assert sum(row["probability"] > 0.9 for row in found["rows"][start : start + 3]) <= 1
    (app,) = [figures for language, figures in found["detail"]["app"].items() if language == "pt"]
    least = app["threshold"]
    right = [row["same"] for row in found["rows"] if row["probability"] >= least]
    assert app["recall"] == pytest.approx(sum(right) / 2)
    assert f"{least:.3f}" in shown


def test_questions_are_asked_of_their_text_and_of_one_that_does_not_tell(tmp_path: Path) -> None:
    documents = [
        {
            "title": title,
            "paragraphs": [
                {
                    "context": text,
                    "qas": [
                        {"id": asked, "question": asked, "answers": [{"text": gold, "answer_start": text.index(gold)}]}
                        for asked, gold in questions
                    ],
                }
            ],
        }
        for title, (text, questions) in TEXTS.items()
    ]
    data = tmp_path / "texts.json"
    data.write_text(json.dumps({"data": documents}), encoding="utf-8")
    arguments = ["--adapter", str(SHIPPED_FOLDER / "portuguese-qa"), "--data", str(data), "--out"]
    assert main([*arguments, str(tmp_path / "out")]) == 0
    found = report_of(tmp_path / "out")
    assert [row["answers"] for row in found["rows"]] == [["1848"], ["centeio"]]
    for row, gold in zip(found["rows"], ("1848", "centeio"), strict=True):
        assert gold in row["prediction"] and "elsewhere" in row
    said = [(row["prediction"], row["answers"]) for row in found["rows"]]
    assert found["f1"] == pytest.approx(sum(f1(*one) for one in said) / 2) and found["f1"] > 0
    assert found["exact_match"] == sum(exact_match(*one) for one in said) / 2
    assert (
        found["missed"] == 0
        and found["cost"]["single_row_seconds"] > 0
        and found["model"]["base"]
        and found["model"]["version"]
    )
    assert main([*arguments, str(tmp_path / "kept"), "--no-texts"]) == 0
    kept = report_of(tmp_path / "kept")
    assert (kept["exact_match"], kept["f1"]) == (found["exact_match"], found["f1"])
    assert not {"question", "context"} & set(kept["rows"][0])
    for file in (tmp_path / "kept").iterdir():
        assert b"farol" not in file.read_bytes(), file


def test_rivals_are_never_parted() -> None:
    asked = [QuestionPair(f"q{n // 3}", f"p{n}", False, "pt", f"a{n}") for n in range(90)]
    batches = list(_batches(range(90), RowSet("faqs", "pairs", asked)))
    assert [number for batch in batches for number in batch] == list(range(90)) and len(batches) > 2
    assert all(len(batch) % 3 == 0 and len(batch) < MeasuredPair.TOGETHER + 3 for batch in batches)
    # Without answers they are pairs that stand by themselves.
    alone = [QuestionPair("q", f"p{n}", False, "pt") for n in range(90)]
    batches = list(_batches(range(90), RowSet("pairs", "pairs", alone)))
    assert [len(batch) for batch in batches] == [32, 32, 26]
