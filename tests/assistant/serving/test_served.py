"""Which adapter the app loads, and on what: production, a folder, a Hub repository at a commit."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from assistant.bases.adapter import CONFIG, WEIGHTS, adapter_digest
from assistant.bases.catalogue import CATALOGUE
from assistant.bases.weights import locate
from assistant.errors import ModelError
from assistant.serving.choose import open_models
from assistant.settings import Settings
from assistant.versions.hub import Hub
from assistant.versions.registry import SHIPPED_FOLDER, Registry
from assistant.versions.version import read_version
from tests.support.adapters import TASK

JUDGE, READER = SHIPPED_FOLDER / TASK, SHIPPED_FOLDER / "portuguese-qa"


@pytest.fixture
def chosen(settings: Settings, tmp_path: Path) -> Settings:
    """A cache of its own for adapters, with the weights of the real one."""
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "models").symlink_to(settings.cache_dir / "models")
    return settings.model_copy(update={"cache_dir": tmp_path / "cache", "base_model": None})


def plain(folder: Path, into: Path) -> Path:
    """What PEFT alone would have written of a version."""
    into.mkdir()
    for name in (WEIGHTS, CONFIG):
        shutil.copy(folder / name, into)
    return into


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
