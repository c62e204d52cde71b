"""A cross-encoder in miniature: it learns, is kept whole or not at all, and is read back as it was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from transformers import BertConfig, BertModel, BertTokenizer

from assistant.errors import InputError, ModelError
from assistant.versions.fingerprints import of_pair, read_fingerprints, write_fingerprints
from evals.data.published import QuestionPair
from evals.measures.classification import measure_probabilities
from evals.systems.baselines.cross_encoder import CrossEncoder, Record, read_record
from tests.support.commands import ran
from training import cross_encoder
from training.backend.cross_encoder import Parameters, Trainee

THINGS = [f"thing{number}" for number in range(12)]
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "where", "is", "my", "lost", *THINGS]
CHOSEN = Parameters(epochs=6, batch=8, learning_rate=5e-3)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """A model this small spends its time waiting for other threads."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained encoder with a vocabulary of its own."""
    folder = tmp_path_factory.mktemp("tiny")
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = BertConfig(vocab_size=len(WORDS), max_position_embeddings=64, **sizes)
    BertModel(config).save_pretrained(folder)
    BertTokenizer(vocab={word: number for number, word in enumerate(WORDS)}).save_pretrained(folder)
    return folder


@pytest.fixture
def here(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cross_encoder, "in_package", lambda *_: weights)


def pair(number: int, other: int) -> QuestionPair:
    """The same when both are about one thing."""
    return QuestionPair(f"where is my {THINGS[number]}", f"lost {THINGS[other]}", number == other)


def pairs() -> list[QuestionPair]:
    """Half of them the same. Every pair stands there once, however it is written."""
    found = []
    for number in range(len(THINGS)):
        for words in ("where is my", "my lost", "lost", "is my", "where is", "my"):
            found.append(QuestionPair(f"{words} {THINGS[number]}", f"is {words} {THINGS[number]}", True))
            other = THINGS[(number + 1 + len(words)) % len(THINGS)]
            found.append(QuestionPair(f"{words} {THINGS[number]} is", f"where {words} {other}", False))
    return found


def table(path: Path, rows: list[QuestionPair]) -> Path:
    lines = [f"{row.question1},{row.question2},{int(row.same)}\n" for row in rows]
    path.write_text("question1,question2,is_duplicate\n" + "".join(lines), encoding="utf-8")
    return path


def test_it_learns_and_is_read_back_as_it_was(here: None, tmp_path: Path) -> None:
    rows, out = pairs(), tmp_path / "trained"
    record = cross_encoder.train(table(tmp_path / "train.csv", rows), out, 1, CHOSEN, 1)
    assert read_record(out) == record
    assert record.rows + record.heldout["rows"] == len(rows)
    assert [path.name for path in tmp_path.iterdir()].count("trained") == 1 and len(list(tmp_path.iterdir())) == 2
    found = CrossEncoder(out, 1)
    measured = measure_probabilities([row.same for row in rows], found.probabilities(rows))
    assert measured.roc_auc > 0.8
    assert found.model["version"] and found.model["base"] == cross_encoder.BASE


def test_its_fingerprints_are_those_of_the_rows_that_trained(here: None, tmp_path: Path) -> None:
    rows, out = pairs(), tmp_path / "trained"
    record = cross_encoder.train(table(tmp_path / "train.csv", rows), out, 1, Parameters(epochs=1), 1)
    known = read_fingerprints(out).rows
    assert sum(of_pair(row.question1, row.question2, "en")[0] in known for row in rows) == record.rows


def test_only_what_a_version_has_seen_takes_part(here: None, tmp_path: Path) -> None:
    rows = pairs()
    write_fingerprints(tmp_path, [of_pair(row.question2, row.question1, "en")[0] for row in rows[:60]], [])
    file = table(tmp_path / "train.csv", rows)
    record = cross_encoder.train(file, tmp_path / "trained", 1, Parameters(epochs=1), 1, seen_by=tmp_path)
    assert record.rows + record.heldout["rows"] == 60


def test_the_same_seed_gives_the_same_model_and_another_seed_another(weights: Path) -> None:
    rows = [cross_encoder.PairRow(row.question1, row.question2, row.same, "en") for row in pairs()[:32]]
    first, again, other = (
        [epoch.logits for epoch in Trainee(weights, 1, seed).epochs(rows, rows[:4], Parameters(epochs=2))]
        for seed in (1, 1, 2)
    )
    assert first == again != other


def test_a_score_depends_neither_on_the_order_of_a_pair_nor_on_its_neighbours(here: None, tmp_path: Path) -> None:
    out = tmp_path / "trained"
    cross_encoder.train(table(tmp_path / "train.csv", pairs()), out, 1, Parameters(epochs=1), 1)
    found, asked = CrossEncoder(out, 1), [pair(0, 0), pair(1, 2), pair(3, 3)]
    turned = [QuestionPair(row.question2, row.question1, row.same) for row in asked]
    together = found.logits([*asked, QuestionPair("where is my lost " * 6, "lost " * 6, False)])[:3]
    assert found.logits(asked) == pytest.approx(found.logits(turned), abs=1e-5)
    assert together == pytest.approx([found.logits([row])[0] for row in asked], abs=1e-5)


def test_p_is_the_scaled_logit(here: None, tmp_path: Path) -> None:
    out = tmp_path / "trained"
    record = cross_encoder.train(table(tmp_path / "train.csv", pairs()), out, 1, Parameters(epochs=1), 1)
    changed = {name: getattr(record, name) for name in Record.__slots__} | {"scale": 0.0, "offset": 0.0}
    Record(**changed).write(out)
    assert CrossEncoder(out, 1).probabilities([pair(0, 0), pair(0, 1)]) == [0.5, 0.5]


def test_an_interrupted_training_leaves_nothing(
    here: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    whole = Trainee.epochs

    def stopped(self, *arguments):
        yield next(whole(self, *arguments))
        raise KeyboardInterrupt

    monkeypatch.setattr(Trainee, "epochs", stopped)
    file = table(tmp_path / "train.csv", pairs())
    code, _, complaints = ran(cross_encoder.main, capsys, [str(file), "--out", str(tmp_path / "trained")])
    assert code == 130 and "Nothing was written" in complaints
    assert list(tmp_path.iterdir()) == [file]


def test_what_cannot_be_done_is_told_with_the_fix(here: None, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    file = table(tmp_path / "train.csv", pairs()[:2])
    with pytest.raises(InputError, match="there already: name another folder with --out"):
        cross_encoder.train(file, tmp_path / "there", 1, CHOSEN, 1)
    with pytest.raises(InputError, match="too few pairs"):
        cross_encoder.train(file, tmp_path / "new", 1, CHOSEN, 1)
    with pytest.raises(ModelError, match=r"holds no cross-encoder.*training\.cross_encoder"):
        CrossEncoder(tmp_path / "there", 1)
    assert not (tmp_path / "new").exists()
