"""A version's calibration goes with it: into the registry, to the Hub and back, and it may come later."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.errors import InputError, ModelError
from assistant.judge.calibration import SHIPPED, Calibration, JudgeModel, read_calibration
from assistant.settings import Settings
from assistant.version_records import AdapterVersion
from assistant.versions.hub import Hub, Pinned
from assistant.versions.registry import Registry
from assistant.versions.version import CALIBRATION
from tests.support.adapters import TASK, make_calibration, make_version, told
from tests.support.commands import ran
from training import calibrate
from training.calibration.calibrate import Published, elsewhere

REPO = "ana/judge"


def calibration_of(version: AdapterVersion, hardware: str = "cpu float32") -> Calibration:
    return make_calibration(JudgeModel(version.base_sha256, version.digest, version.prompt_version, hardware))


def test_it_is_added_with_the_version_or_afterwards(registry: Registry, tmp_path: Path) -> None:
    version = make_version(tmp_path / "made")
    registry.add(tmp_path / "made", "ana")
    kept = registry.files(version) / CALIBRATION
    assert not kept.exists()
    calibration_of(version).save(tmp_path / "made" / CALIBRATION)
    registry.add(tmp_path / "made", "ana")
    assert read_calibration(kept) == calibration_of(version)
    # What is there may have been made here: it stays.
    calibration_of(version, "cuda bfloat16").save(tmp_path / "made" / CALIBRATION)
    registry.add(tmp_path / "made", "ana")
    assert read_calibration(kept) == calibration_of(version)
    other = make_version(tmp_path / "other", 1)
    calibration_of(other).save(tmp_path / "other" / CALIBRATION)
    registry.add(tmp_path / "other", "ana")
    assert read_calibration(registry.files(other) / CALIBRATION) == calibration_of(other)


def test_a_foreign_one_that_is_none_keeps_the_version_out(registry: Registry, tmp_path: Path) -> None:
    make_version(tmp_path / "made")
    (tmp_path / "made" / CALIBRATION).write_text('{"embedding": "toy", "fits": [1e999]}')
    with pytest.raises(ModelError, match="is no calibration"):
        registry.add(tmp_path / "made", "ana")
    assert registry.list() == []


def test_calibrating_is_an_event_and_the_digest_stays(registry: Registry, made) -> None:
    version = made(0)
    registry.promote(version.digest, "production", "ana", "good")
    for hardware in ("cpu float32", "cuda bfloat16"):
        registry.calibrate(version, calibration_of(version, hardware), {"hardware": hardware}, "bob", "our questions")
    assert read_calibration(registry.files(version) / CALIBRATION) == calibration_of(version, "cuda bfloat16")
    events = registry.show(version.digest)[1][-2:]
    assert told(events) == [("calibrated", "production", "production", "bob", "our questions")] * 2
    assert [event.report for event in events] == [{"hardware": "cpu float32"}, {"hardware": "cuda bfloat16"}]
    with pytest.raises(InputError, match="needs a person and a reason"):
        registry.calibrate(version, calibration_of(version), {}, "bob", " ")


def test_it_goes_to_the_hub_and_back_and_leaves_with_its_version(hub: Hub, hub_server, tmp_path: Path) -> None:
    version = make_version(tmp_path / "first")
    calibration_of(version).save(tmp_path / "first" / CALIBRATION)
    first = hub.push(tmp_path / "first", REPO, ["production"])
    assert read_calibration(hub.pull(Pinned(REPO, first), tmp_path / "pulled") / CALIBRATION) == calibration_of(version)
    make_version(tmp_path / "second", 1)
    second = hub.push(tmp_path / "second", REPO, ["production"])
    assert not (hub.pull(Pinned(REPO, second), tmp_path / "again") / CALIBRATION).exists()
    repository = hub_server[1].repositories[REPO]
    large = repository.commit(repository.commits[first] | {CALIBRATION: b" " * ((1 << 20) + 1)})
    with pytest.raises(ModelError, match=f"{CALIBRATION} in .* has more than 1,048,576 bytes and was not fetched"):
        hub.pull(Pinned(REPO, large), tmp_path / "large")


@pytest.fixture
def command(settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture):
    """The command without its minutes of fitting: what it prints, keeps and refuses."""
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("DATA_DIR", str(settings.data_dir))

    def fitted(published: Published, chosen: Settings, place: Path) -> tuple[Calibration, JudgeModel]:
        assert Path(chosen.adapter) == place.parent
        assert published == Published(*map(Path, data[1::2]), 500)
        version = json.loads((place.parent / "version.json").read_text())
        model = JudgeModel(version["base_sha256"], version["digest"], version["prompt_version"], "cpu float32")
        return make_calibration(model), model

    monkeypatch.setattr(calibrate, "calibrate", fitted)
    data = ("--pairs", "data/qqp/train.csv", "--requests", "data/banking/test.csv", "--faqs", "data/faqs")
    return lambda *arguments: ran(calibrate.main, capsys, [*data, *arguments])


def test_the_command_keeps_it_with_a_registered_version(command, registry: Registry, made) -> None:
    version = made(0)
    code, printed, complaint = command("--version", version.digest[:8], "--who", "ana")
    assert (code, complaint) == (0, "")
    assert "0.80        0.300      0.820      0.900     0.800" in printed
    assert printed.count("(used)") == 2
    assert read_calibration(registry.files(version) / CALIBRATION) == calibration_of(version)
    event = registry.show(version.digest)[1][-1]
    assert told([event])[0][3:] == ("ana", "fitted on the shop, qqp/train.csv, banking/test.csv, data/faqs")
    assert event.report == {"hardware": "cpu float32", "Brier": {"en": 0.02, "pt": 0.02}}


def test_the_command_keeps_it_in_a_folder_and_refuses_what_is_none(command, tmp_path: Path) -> None:
    version = make_version(tmp_path / "made")
    assert command("--version", str(tmp_path / "made"))[0] == 0
    assert read_calibration(tmp_path / "made" / CALIBRATION) == calibration_of(version)
    code, printed, complaint = command("--version", f"{TASK}@staging")
    assert (code, printed) == (2, "")
    assert complaint.startswith(f"There is no version '{TASK}@staging'")


def test_fits_of_other_hardware_stay_and_those_of_other_models_go(tmp_path: Path) -> None:
    model = JudgeModel("b", "a", "v1", "cpu float32")
    place = tmp_path / CALIBRATION
    assert elsewhere(place, "toy", model) == []
    gpu = make_calibration(replace(model, hardware="cuda bfloat16"))
    gpu.save(place)
    assert elsewhere(place, "toy", model) == [fit for fit in gpu.fits if fit.model]
    assert elsewhere(place, "toy", replace(model, hardware="cuda bfloat16")) == []
    assert elsewhere(place, "toy", replace(model, adapter="other")) == []
    assert elsewhere(place, "another", model) == []


def test_a_new_file_keeps_the_shipped_fits_that_it_will_hide(tmp_path: Path) -> None:
    shipped = read_calibration(SHIPPED)
    models = set(shipped.models("en"))
    assert len(models) > 1
    model = next(iter(models))
    kept = elsewhere(tmp_path / CALIBRATION, shipped.embedding, model)
    assert {fit.model for fit in kept} == models - {model}
