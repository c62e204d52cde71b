"""Which adapter the app loads, and on what: production, a folder, a Hub repository at a commit."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from assistant.bases.adapter import CONFIG, WEIGHTS, adapter_digest
from assistant.bases.catalogue import CATALOGUE
from assistant.bases.weights import locate
from assistant.errors import ModelError
from assistant.records import Task
from assistant.serving.choose import open_model, open_models
from assistant.settings import Settings
from assistant.versions.hub import Hub
from assistant.versions.registry import SHIPPED_FOLDER, Registry
from assistant.versions.version import read_version
from tests.support.adapters import TASK, make_version
from tests.support.unfit_adapters import WAYS, plain, with_weights

READING = "portuguese-qa"
JUDGE, READER = SHIPPED_FOLDER / TASK, SHIPPED_FOLDER / READING


@pytest.fixture
def chosen(settings: Settings, tmp_path: Path) -> Settings:
    """A cache of its own for adapters, with the weights of the real one."""
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "models").symlink_to(settings.cache_dir / "models")
    return settings.model_copy(update={"cache_dir": tmp_path / "cache", "base_model": None})


def test_a_production_version_without_its_base_leaves_a_base_to_judge(
    registry: Registry, made, chosen: Settings, caplog
) -> None:
    version = made(0, base="llama-3-8b")
    registry.promote(version.digest, "production", "ana", "good on the GPU")
    with open_models(chosen, registry) as models:
        assert models.judging.adapter is None
        assert models.judging.base.name == "smollm2-135m"
        assert models.reading is None
        assert [one.version for one in models.refused] == [version]
    assert "stays out of service: llama-3-8b in 4 bits needs a CUDA GPU" in caplog.text
    assert "the base model judges without an adapter" in caplog.text


def test_where_production_cannot_be_loaded_the_version_before_it_serves(
    registry: Registry, made, chosen: Settings
) -> None:
    registry.register_shipped()
    for seed in (0, 1):
        registry.promote(made(seed, base="llama-3-8b").digest, "production", "ana", "good on the GPU")
    with open_models(chosen, registry) as models:
        assert models.judging.identity.adapter == adapter_digest(JUDGE)
        assert models.reading.generator is models.judging.generator
        # The one that should serve, and no other, is worth an alarm.
        assert [one.version for one in models.refused] == [registry.production(TASK)]
    registry.promote(made(2, base="llama-3-8b").digest, "production", "ana", "good on the GPU")
    with open_models(chosen, registry) as models:
        assert models.judging.adapter is None, "what refuses three may refuse all"


def test_the_settings_base_is_the_judges_alone(registry: Registry, chosen: Settings) -> None:
    registry.register_shipped()
    with open_models(chosen.model_copy(update={"base_model": "smollm2-135m"}), registry) as models:
        assert (models.judging.base.name, models.judging.adapter) == ("smollm2-135m", None)
        assert models.reading.identity.adapter == adapter_digest(READER)
        assert "was trained on gemma-3-270m" in models.refused[0].why


def test_an_adapter_that_a_setting_names_is_used_or_nothing_starts(registry: Registry, chosen: Settings) -> None:
    swapped = chosen.model_copy(update={"adapter": str(READER)})
    wrong_task = pytest.raises(ModelError, match="was trained for portuguese-qa, not for question-similarity")
    with wrong_task, open_models(swapped, registry):
        pass
    other = chosen.model_copy(
        update={"reading_adapter": str(READER), "adapter": str(JUDGE), "base_model": "smollm2-135m"}
    )
    with pytest.raises(ModelError, match="was trained on gemma-3-270m"), open_models(other, registry):
        pass


def test_a_demo_without_its_gpu_answers_with_the_small_model_and_says_so(
    registry: Registry, made, chosen: Settings
) -> None:
    registry.register_shipped()
    large = registry.files(made(0, base="llama-3-8b"))
    wanted = chosen.model_copy(update={"adapter": str(large)})
    with pytest.raises(ModelError, match="needs a CUDA GPU"), open_models(wanted, registry):
        pass
    with open_models(wanted.model_copy(update={"demo": True}), registry) as models:
        assert models.judging.identity.adapter == adapter_digest(JUDGE)
        assert models.notices == ("No GPU is at hand right now: a small model answers in place of llama-3-8b.",)
    with open_models(chosen.model_copy(update={"demo": True}), registry) as models:
        assert models.notices == ()


def test_adapters_that_peft_alone_wrote(registry: Registry, chosen: Settings, tmp_path: Path) -> None:
    judge, reader = plain(JUDGE, tmp_path / "judge"), plain(READER, tmp_path / "reader")
    named = {"adapter": str(judge), "reading_adapter": str(reader), "base_model": "gemma-3-270m"}
    with open_models(chosen.model_copy(update=named), registry) as models:
        assert models.judging.identity.adapter == adapter_digest(JUDGE)
        assert models.reading.identity.adapter == adapter_digest(READER)
        assert models.reading.generator is models.judging.generator


@pytest.mark.parametrize("with_version", [True, False], ids=["a version", "what PEFT wrote"])
@pytest.mark.parametrize("way", WAYS)
def test_an_adapter_that_would_not_be_applied_does_not_start(
    chosen: Settings, tmp_path: Path, way: str, with_version: bool
) -> None:
    change, told = WAYS[way]
    with_weights(JUDGE, tmp_path / "made", change)
    folder = tmp_path / "made" if with_version else plain(tmp_path / "made", tmp_path / "plain")
    with pytest.raises(ModelError, match=told), open_model(chosen.model_copy(update={"adapter": str(folder)})):
        pass


def configured(folder: Path, **changes) -> Path:
    told = json.loads((folder / CONFIG).read_text()) | changes
    (folder / CONFIG).write_text(json.dumps(told))
    return folder


@pytest.mark.parametrize(("setting", "task"), [("adapter", TASK), ("reading_adapter", READING)])
def test_a_folder_of_peft_is_checked_like_a_version(chosen: Settings, tmp_path: Path, setting: str, task: Task) -> None:
    def refused(folder: Path, told: str) -> None:
        wanted = chosen.model_copy(update={setting: str(folder)})
        with pytest.raises(ModelError, match=told), open_model(wanted, task):
            pass

    # Weights of the base itself, which PEFT would put over those that all adapters share.
    head = {"base_model.model.lm_head.weight": np.zeros((2, 2), np.float16)}
    saved = configured(plain(JUDGE, tmp_path / "saved"), modules_to_save=["lm_head"])
    save_file(load_file(JUDGE / WEIGHTS) | head, saved / WEIGHTS)
    refused(saved, r"lm_head\.weight', which would change the base")
    asks = configured(plain(JUDGE, tmp_path / "asks"), modules_to_save=["lm_head"])
    refused(asks, "modules_to_save, which change the base")
    (asks / WEIGHTS).unlink()
    refused(asks, f"{WEIGHTS} is missing. Point to a PEFT folder")


def test_a_folder_of_peft_stands_on_the_base_that_it_names(chosen: Settings, tmp_path: Path) -> None:
    judge = plain(JUDGE, tmp_path / "judge")
    wanted = chosen.model_copy(update={"adapter": str(judge)})
    other = wanted.model_copy(update={"base_model": "smollm2-135m"})
    contradiction = "was trained on gemma-3-270m and RESPOSTA_BASE_MODEL is smollm2-135m: unset"
    with pytest.raises(ModelError, match=contradiction), open_model(other):
        pass
    # The settings name the judge's base; a reader stands on its own.
    with open_model(other.model_copy(update={"adapter": None, "reading_adapter": str(judge)}), READING) as reading:
        assert (reading.base.name, reading.identity.prompt_version) == ("gemma-3-270m", "reading-1")
    with open_model(wanted) as judging:
        assert (judging.base.name, judging.identity.prompt_version) == ("gemma-3-270m", "label-first-3")
    configured(judge, base_model_name_or_path="acme/other-1b")
    unknown = "names 'acme/other-1b' as the adapter's base, .* Write the one that"
    with pytest.raises(ModelError, match=unknown), open_model(wanted):
        pass


def test_a_demo_goes_without_a_folder_of_peft_whose_base_needs_a_gpu(chosen: Settings, tmp_path: Path) -> None:
    make_version(tmp_path / "made", base="llama-3-8b")
    wanted = chosen.model_copy(update={"adapter": str(plain(tmp_path / "made", tmp_path / "large")), "demo": True})
    with open_models(wanted) as models:
        assert models.judging.identity.adapter == adapter_digest(JUDGE)
        assert models.notices == ("No GPU is at hand right now: a small model answers in place of llama-3-8b.",)


def test_a_base_from_the_hub_is_the_one_that_the_adapter_was_trained_on(tmp_path: Path, monkeypatch) -> None:
    base = CATALOGUE["llama-3-8b"]
    asked = []

    def snapshot(repo: str, revision: str | None, cache_dir: Path, allow_patterns: list[str]) -> str:
        asked.append((repo, revision))
        folder = tmp_path / (revision or "newest")
        folder.mkdir()
        (folder / "model.safetensors").touch()
        return str(folder)

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot)
    newest = locate(base, tmp_path)
    pinned = locate(base, tmp_path, f"hub:{base.hub}@{'a' * 40}")
    assert asked == [(base.hub, None), (base.hub, "a" * 40)]
    assert (newest.sha256, pinned.sha256) == ("newest", "a" * 40)


def test_production_from_a_hub_repository_at_a_pinned_commit(
    registry: Registry, chosen: Settings, hub: Hub, hub_server
) -> None:
    commit = hub.push(JUDGE, "ana/judge", ["production"])
    named = chosen.model_copy(update={"hf_endpoint": hub_server[0], "adapter": f"ana/judge@{commit}"})
    for _ in range(2):
        with open_models(named, registry) as models:
            assert models.judging.identity.adapter == read_version(JUDGE).digest
        # The second time it lies in the cache.
        hub_server[1].repositories.clear()
    gone = named.model_copy(update={"adapter": f"ana/judge@{'0' * 40}"})
    with pytest.raises(ModelError, match="ana/judge"), open_models(gone, registry):
        pass
