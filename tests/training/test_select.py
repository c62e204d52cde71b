"""The best version of several: who can be compared, in which order, and what production then answers."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest
from peft import LoraConfig, get_peft_model
from PIL import Image
from transformers import AutoModelForCausalLM

from assistant.bases.catalogue import CATALOGUE
from assistant.bases.weights import locate
from assistant.settings import Settings
from assistant.store.connection import Store
from assistant.version_records import AdapterVersion
from assistant.versions.fingerprints import write_fingerprints
from assistant.versions.registry import Registry, open_registry
from assistant.versions.version import CARD, write_version
from tests.support.adapters import FACTS, make_version, stages, told
from tests.support.commands import ran
from training.release.canaries import keep_canaries
from training.select import main
from training.selection.version_ranking import epochs, last_loss, rank

TASK = "portuguese-qa"
ROWS, OTHER_ROWS = "a" * 16, "b" * 16
# The gate knows nothing of these versions.
UNMEASURED = ("--override", "nothing measured yet")
HISTORY = [
    {"epoch": 0.5, "step": 1, "loss": 2.5},
    {"epoch": 1.0, "step": 2, "loss": 1.5},
    {"epoch": 1.0, "step": 2, "eval_loss": 1.25},
]


def day(number: int) -> dt.datetime:
    return dt.datetime(2026, 5, number, tzinfo=dt.UTC)


def measured(exact_match: float, f1: float, heldout: str = ROWS) -> dict:
    return {"rows": 63, "exact_match": exact_match, "f1": f1, "heldout": heldout}


@pytest.fixture
def registry(settings: Settings, store: Store) -> Registry:
    return open_registry(settings, store)


@pytest.fixture
def made(registry: Registry, tmp_path: Path):
    """Make and add a version for reading; a later seed was trained later."""

    def make(seed: int, metrics: dict, **changes) -> AdapterVersion:
        facts = {"task": TASK, "name": f"reader-{seed}", "created": day(seed), "history": HISTORY} | changes
        base = facts.pop("base", "smollm2-135m")
        version = make_version(tmp_path / f"made-{seed}", seed, metrics=metrics, **facts)
        # A base that has no card yet.
        write_version(tmp_path / f"made-{seed}", replace(version, base=base))
        return registry.add(tmp_path / f"made-{seed}", "ana").version

    return make


@pytest.fixture
def said(settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture):
    """Run the command: its exit code, what it printed, what it complained of."""
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("DATA_DIR", str(settings.data_dir))

    return lambda *arguments: ran(main, capsys, arguments)


def order(printed: str, *versions: AdapterVersion) -> list[str]:
    """The versions' names in the order in which the table shows their digests."""
    return [one.name for one in sorted(versions, key=lambda one: printed.index(one.digest[:12]))]


def test_exact_match_decides_then_f1_then_the_newest(made, registry: Registry) -> None:
    for seed, figures in enumerate([(0.5, 0.7), (0.6, 0.7), (0.6, 0.8), (0.5, 0.9), (0.5, 0.7)], 1):
        made(seed, measured(*figures))
    ranking = rank(TASK, registry.list(), {})
    assert [one.registered.version.name for one in ranking.candidates] == [
        "reader-3",
        "reader-2",
        "reader-4",
        "reader-5",
        "reader-1",
    ]
    # Nothing is gained by replacing what serves by its equal.
    registry.promote(ranking.candidates[-1].registered.version.digest, "production", "ana", "first")
    assert rank(TASK, registry.list(), {}).candidates[3].registered.version.name == "reader-1"


def test_the_worst_language_decides_on_similarity(made, registry: Registry) -> None:
    def both(en: tuple[float, float], pt: tuple[float, float]) -> dict:
        groups = {"en": en, "pt": pt}
        return {name: {"roc_auc": auc, "accuracy": acc} for name, (auc, acc) in groups.items()} | {"heldout": ROWS}

    task = {"task": "question-similarity"}
    made(1, both((0.99, 0.99), (0.80, 0.70)), **task)
    made(2, both((0.85, 0.80), (0.86, 0.80)), **task)
    made(3, both((0.85, 0.75), (0.95, 0.90)), **task)
    made(4, both((0.99, 0.99), (None, 1.0)), **task)
    ranking = rank("question-similarity", registry.list(), {})
    assert [one.registered.version.name for one in ranking.candidates] == ["reader-2", "reader-3", "reader-1"]
    assert ranking.candidates[-1].figures == (0.80, 0.70)
    assert [(one.version.name, why) for one, why in ranking.apart] == [
        ("reader-4", "its worst ROC AUC and worst accuracy are not recorded")
    ]


def test_without_promote_nothing_moves(made, said, registry: Registry) -> None:
    worse, better = made(1, measured(0.4, 0.9)), made(2, measured(0.5, 0.6))
    code, printed, complaint = said(TASK)
    assert (code, complaint) == (0, "")
    assert order(printed, worse, better) == ["reader-2", "reader-1"]
    row = next(line for line in printed.splitlines() if line.startswith(better.digest[:12]))
    assert row.split()[1:7] == ["reader-2", "smollm2-135m", "0.500", "0.600", "1.250", "1"]
    assert f"Would promote {better.digest[:12]} (reader-2); do it with --promote." in printed
    assert set(stages(registry).values()) == {"candidate"}


def test_what_cannot_be_compared_is_listed_with_the_reason_and_never_chosen(made, said, registry: Registry) -> None:
    compared = [made(1, measured(0.3, 0.5)), made(2, measured(0.2, 0.5))]
    apart = [
        (made(3, measured(0.9, 0.9, OTHER_ROWS)), f"measured on other rows ({OTHER_ROWS})"),
        (made(4, {"exact_match": 0.9, "f1": 0.9}), "the rows it was measured on are not recorded"),
        (made(5, {"rows": 63, "heldout": ROWS}), "its exact match and F1 are not recorded"),
        (made(6, measured(0.9, 0.9), base="nowhere"), "needs the base 'nowhere'"),
        (made(7, measured(0.9, 0.9), prompt_version="old"), "was trained on the prompts 'old'"),
        (made(8, measured(0.9, 0.9)), "archived by ana: answers too much"),
    ]
    registry.archive(apart[-1][0].digest, "ana", "answers too much")
    code, printed, _ = said(TASK)
    assert code == 0
    table, _, below = printed.partition("Not compared:")
    assert order(table, *compared) == ["reader-1", "reader-2"]
    for version, why in apart:
        assert version.digest[:12] not in table
        assert any(version.digest[:12] in line and why in line for line in below.splitlines())
    assert f"Would promote {compared[0].digest[:12]}" in printed


def test_the_newer_rows_decide_between_equally_frequent_ones(made, registry: Registry) -> None:
    made(1, measured(0.9, 0.9, OTHER_ROWS))
    made(2, measured(0.1, 0.1))
    assert rank(TASK, registry.list(), {}).heldout == ROWS
    made(3, measured(0.2, 0.2, OTHER_ROWS))
    assert rank(TASK, registry.list(), {}).heldout == OTHER_ROWS


def test_a_version_that_made_room_may_come_back(made, said, registry: Registry) -> None:
    """Archived by another's promotion is not the same as taken out of use."""
    earlier, later = made(1, measured(0.6, 0.8)), made(2, measured(0.5, 0.8))
    registry.promote(earlier.digest, "production", "ana", "first")
    registry.promote(later.digest, "production", "ana", "by mistake")
    assert f"Would promote {earlier.digest[:12]}" in said(TASK)[1]


def test_names_and_limit_restrict(made, said) -> None:
    versions = [made(seed, measured(0.5, seed / 10)) for seed in (1, 2, 3)]
    assert f"Would promote {versions[1].digest[:12]}" in said(TASK, "--names", "reader-1", "reader-2")[1]
    printed = said(TASK, "--limit", "2")[1]
    assert versions[0].digest[:12] not in printed
    code, _, complaint = said(TASK, "--names", "nobody")
    assert (code, complaint) == (
        2,
        f"No version for {TASK} is named nobody: choose from reader-1, reader-2, reader-3.\n",
    )


def test_without_a_version_or_without_a_choice_it_says_what_to_do(made, said) -> None:
    assert said(TASK)[0::2] == (
        2,
        f"There is no version for {TASK} yet: train one with `python -m training.run RECIPE`.\n",
    )
    made(1, {"exact_match": 0.9, "f1": 0.9})
    code, printed, complaint = said(TASK, "--promote")
    assert (code, complaint.startswith("None of them can be chosen")) == (2, True)
    assert "reader-1" in printed


def test_one_picture_holds_the_curves_of_all(made, said, settings: Settings, tmp_path: Path) -> None:
    made(1, measured(0.5, 0.5))
    assert "Loss curves: " in said(TASK, "--picture", str(tmp_path / "one.png"))[1]
    made(2, measured(0.5, 0.6))
    # What a foreign version calls its curve draws nothing and breaks nothing.
    made(3, measured(0.1, 0.1), history=[{"step": 1, "loss": 1.0}, {"epoch": "x", "loss": None}])
    said(TASK)
    with Image.open(tmp_path / "one.png") as one, Image.open(settings.data_dir / "selection" / f"{TASK}.png") as both:
        assert both.format == "PNG"
        colours = [{pixel for _, pixel in image.convert("RGB").getcolors(1 << 24)} for image in (one, both)]
        second = (0xD5, 0x5E, 0x00)
        assert [second in found for found in colours] == [False, True]
    made(4, measured(0.1, 0.1), task="question-similarity", history=[])
    assert "None of them has a loss curve." in said("question-similarity")[1]


def test_loss_and_epochs_come_from_the_history() -> None:
    assert (last_loss(HISTORY), epochs(HISTORY)) == (1.25, 1.0)
    assert (last_loss(HISTORY[:2]), epochs(HISTORY[:1])) == (1.5, 0.5)
    assert (last_loss([]), epochs([{"step": 1, "loss": 2.0}])) == (None, None)


@pytest.mark.parametrize(
    "arguments",
    [
        (TASK, "--question", "Quando?"),
        ("question-similarity", "--question", "Quando?", "--context", "Hoje."),
        (TASK, "--limit", "0"),
        ("tasks",),
    ],
)
def test_arguments_that_do_not_fit_are_refused(said, arguments: tuple[str, ...]) -> None:
    code, printed, complaint = said(*arguments)
    assert (code, printed) == (2, "") and complaint


@pytest.fixture
def reader(settings: Settings, registry: Registry, tmp_path: Path) -> AdapterVersion:
    """A version that the small base really loads."""
    weights = locate(CATALOGUE["smollm2-135m"], settings.cache_dir)
    base = AutoModelForCausalLM.from_pretrained(weights.path)
    folder = tmp_path / "real"
    get_peft_model(base, LoraConfig(r=4, target_modules=["q_proj"], init_lora_weights=False)).save_pretrained(folder)
    write_fingerprints(folder, ["0" * 16], ["f" * 16])
    facts = {"task": TASK, "name": "real", "metrics": measured(0.5, 0.6), "history": HISTORY}
    write_version(folder, replace(FACTS, **facts, base_source=weights.source, base_sha256=weights.sha256))
    (folder / CARD).write_text("A reader.\n", encoding="utf-8")
    version = registry.add(folder, "ana").version
    keep_canaries(registry, settings, version)
    return version


def test_the_best_goes_to_production_and_is_fetched_back_to_answer(reader, made, said, registry: Registry) -> None:
    other = made(1, measured(0.1, 0.2))
    context = "O museu fica em Olinda e abre às nove horas. A entrada custa dez reais."
    code, printed, complaint = said(
        TASK, "--promote", "--who", "rui", "--question", "Onde fica o museu?", "--context", context, *UNMEASURED
    )
    assert (code, complaint) == (0, "")
    assert stages(registry) == {reader.digest: "production", other.digest: "candidate"}
    by, _, answer = printed.splitlines()[-1].partition("  ")
    assert by == f"{reader.digest[:12]} (real on smollm2-135m)"
    assert answer.strip() and answer.strip() in context
    _, events = registry.show(reader.digest)
    why = f"best of 2 by exact match, then F1 on the held-out rows {ROWS} (past the gate: nothing measured yet)"
    assert told(events)[-1] == ("promoted", "candidate", "production", "rui", why)
    report = events[-1].report
    assert report["held-out rows"] == ROWS
    assert [report["ranked"][one.digest[:12]]["place"] for one in (reader, other)] == [1, 2]
    assert report["ranked"][reader.digest[:12]]["exact match"] == 0.5
    assert f"The best is in production already: {reader.digest[:12]} (real)." in said(TASK)[1]
    assert len(registry.show(reader.digest)[1]) == len(events)


def test_a_production_version_that_does_not_load_is_said_so(made, said, registry: Registry) -> None:
    """Its weights are other ones than the base's here."""
    version = made(1, measured(0.5, 0.5))
    code, _, complaint = said(TASK, "--promote")
    assert code == 1 and complaint.startswith(f"The gate refuses {version.digest[:12]}")
    code, _, complaint = said(TASK, "--promote", *UNMEASURED)
    assert code == 2
    assert f"Version {version.digest[:12]} is in production and cannot be served on this machine" in complaint
    assert stages(registry)[version.digest] == "production"
