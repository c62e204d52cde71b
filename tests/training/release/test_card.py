"""The model card tells licences, data and figures, and nothing from a file can change its form."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from markdown_it import MarkdownIt

from assistant import prompts
from assistant.bases.catalogue import CATALOGUE
from assistant.versions.version import CARD
from tests.support.adapters import make_version
from training.release.card import LLAMA3_NOTICE, render


def front_matter(card: str) -> dict:
    return yaml.safe_load(card.split("---\n")[1])


@pytest.mark.parametrize("base", sorted(CATALOGUE))
def test_every_base_has_a_card_with_its_licence(tmp_path: Path, base: str) -> None:
    version = make_version(tmp_path / "made", base=base, licences={f"base {base}": CATALOGUE[base].licence})
    card = (tmp_path / "made" / CARD).read_text()
    facts = front_matter(card)
    assert facts["base_model"] == CATALOGUE[base].hub
    assert facts["license"] != "other" or facts["license_name"] == CATALOGUE[base].licence
    assert (LLAMA3_NOTICE in card) == CATALOGUE[base].is_llama3
    assert f"sha256 {version.base_sha256}" in card
    assert card.count(CATALOGUE[base].licence) >= 1
    code = next(token.content for token in MarkdownIt().parse(card.split("---\n", 2)[2]) if token.info == "python")
    compile(code, "card", "exec")


def test_the_card_says_what_was_trained_on_what_and_measured(tmp_path: Path) -> None:
    recipe = {
        "data": {"sources": [{"hub": "nyu-mll/glue"}, {"file": "aia_bde", "language": "pt"}, {"translate": "pt"}]}
    }
    make_version(tmp_path / "made", recipe=recipe)
    card = (tmp_path / "made" / CARD).read_text()
    facts = front_matter(card)
    assert (facts["language"], facts["datasets"]) == (["en", "pt"], ["nyu-mll/glue"])
    assert (facts["library_name"], facts["pipeline_tag"]) == ("peft", "text-classification")
    assert "| qqp dev roc\\_auc | 0.892 |" in card
    assert "| nyu-mll/glue | Quora's terms |" in card
    make_version(tmp_path / "reader", task="portuguese-qa", recipe={"data": None})
    facts = front_matter((tmp_path / "reader" / CARD).read_text())
    assert (facts["language"], facts["datasets"], facts["pipeline_tag"]) == (["pt"], [], "question-answering")


def test_the_card_asks_with_the_prompts_of_the_training(tmp_path: Path) -> None:
    make_version(tmp_path / "made")
    make_version(tmp_path / "published", prompt_version=prompts.VERSIONS["explanation-first"])
    ours, published = ((tmp_path / name / CARD).read_text() for name in ("made", "published"))
    assert "Label:" in ours and "explanation:" not in ours
    assert "explanation:" in published and "model.generate" in published


HOSTILE = (
    "x](javascript:alert(1)) | a | b |\n\n# Title\n<script>alert(1)</script> ![i](http://evil/i.png) ```\n---\n"
    "**bold** \\"
)


def test_what_comes_from_files_is_shown_and_never_obeyed(tmp_path: Path) -> None:
    safe = make_version(tmp_path / "safe", metrics={"m": 1}, parameters={"p": 1}, recipe={"r": 1})
    plain = MarkdownIt("gfm-like", {"linkify": False}).parse(render(safe).split("---\n", 2)[2])
    hostile = replace(
        safe,
        name=HOSTILE,
        metrics={HOSTILE: HOSTILE},
        parameters={HOSTILE: HOSTILE},
        licences={"nyu-mll/glue": HOSTILE, "smollm2-135m": "Apache-2.0"},
        recipe={"r": HOSTILE, "data": {"sources": [{"hub": HOSTILE, "language": HOSTILE}]}},
    )
    card = render(hostile)
    assert front_matter(card)["datasets"] == []
    assert front_matter(card)["language"] == ["en"]
    shown = MarkdownIt("gfm-like", {"linkify": False}).parse(card.split("---\n", 2)[2])
    assert [token.type for token in shown] == [token.type for token in plain]
    inside = {child.type for token in shown for child in token.children or ()}
    assert inside <= {"text", "text_special", "softbreak"}
