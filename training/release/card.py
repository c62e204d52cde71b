"""The model card of a version: what it is, under which licences, how it was made and measured, how to load it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import yaml

from assistant import prompts
from assistant.bases.catalogue import CATALOGUE, LLAMA3_LICENCE, BaseModel
from assistant.errors import ModelError
from assistant.prompts import ChatFormat, Segment
from assistant.tasks import TASKS
from assistant.version_records import AdapterVersion

# What Meta's licence wants to see on the card of whatever is made from Llama 3.
LLAMA3_NOTICE = "Built with Meta Llama 3"

_LICENCE_IDS = {"Apache-2.0": "apache-2.0", "MIT": "mit", "Gemma Terms of Use": "gemma", LLAMA3_LICENCE: "llama3"}
_HUB_NAME = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*", re.ASCII)
Example = tuple[tuple[Segment, ...], str]
_PAIR = ("Where is my parcel?", "How do I track an order?")
_WRITING = (
    "reply = model.generate(**inputs, max_new_tokens={tokens}, do_sample=False)[0, inputs.input_ids.shape[1] :]\n"
    "print(tokenizer.decode(reply, skip_special_tokens=True))"
)


def render(version: AdapterVersion) -> str:
    """README.md of a version. Everything that comes from files is quoted or escaped.

    Raises `ModelError` when its base is not in the catalogue, since its licence is not known then.
    """
    base = CATALOGUE.get(version.base)
    if base is None:
        raise ModelError(f"{version.base!r} is not in the catalogue, so its licence is unknown: add it there first.")
    return "\n".join([*_front_matter(version, base), *_body(version, base)]) + "\n"


def _front_matter(version: AdapterVersion, base: BaseModel) -> Iterator[str]:
    sources = _sources(version)
    task = TASKS[version.task]
    languages = {str(source.get("translate") or source.get("language", "en")) for source in sources}
    facts: dict[str, Any] = {
        "base_model": base.hub,
        "base_model_relation": "adapter",
        "library_name": "peft",
        "license": _LICENCE_IDS.get(base.licence, "other"),
        "pipeline_tag": task.card.pipeline,
        "language": [one for one in task.languages if one in languages] or [task.languages[0]],
        "datasets": sorted({str(source["hub"]) for source in sources if _HUB_NAME.fullmatch(str(source.get("hub")))}),
        "tags": ["resposta", "lora", version.task],
    }
    if facts["license"] == "other":
        facts["license_name"] = base.licence
    yield "---"
    yield yaml.safe_dump(facts, sort_keys=False, allow_unicode=True).rstrip()
    yield "---"


def _body(version: AdapterVersion, base: BaseModel) -> Iterator[str]:
    yield f"\n# {escaped(version.name)}\n"
    if base.is_llama3:
        yield f"**{LLAMA3_NOTICE}**\n"
    yield f"A LoRA adapter for {base.hub}. {TASKS[version.task].card.purpose} Made with Resposta.\n"
    yield from _table(
        ("", ""),
        {
            "version": version.digest,
            "trained on": _source(version),
            "quantization of the base": version.quantization,
            "prompts": version.prompt_version,
            "made": version.created.date().isoformat(),
            "code": version.commit or "unknown",
        },
    )
    yield "\nWeights of the same name from another source are other numbers; on them the figures below do not hold.\n"
    yield "## Licences\n"
    named = any(base.name in name for name in version.licences)
    yield from _table(("of", "licence"), version.licences if named else {base.hub: base.licence} | version.licences)
    if base.is_llama3:
        yield (
            "\nMeta Llama 3 is licensed under the Meta Llama 3 Community License, Copyright © Meta Platforms, Inc. "
            "All Rights Reserved."
        )
    yield "\n## Measured\n"
    yield from _table(("figure", "value"), dict(flat(version.metrics)) or {"none": "not measured yet"})
    yield "\n## Recipe\n"
    yield from _fenced(yaml.safe_dump(version.recipe, sort_keys=False, allow_unicode=True), "yaml")
    yield "\nIn effect:\n"
    yield from _table(("parameter", "value"), dict(flat(version.parameters)) | version.packages)
    yield "\n## How to load it\n"
    yield from _fenced(_loading(version, base), "python")
    yield f"\n## Limits\n\n{TASKS[version.task].card.limits}"


def _source(version: AdapterVersion) -> str:
    # A source on the Hub is named with its commit, which pins its bytes.
    is_pinned = version.base_source.startswith("hub:")
    return version.base_source if is_pinned else f"{version.base_source}, sha256 {version.base_sha256}"


def _loading(version: AdapterVersion, base: BaseModel) -> str:
    is_published = version.prompt_version == prompts.VERSIONS["explanation-first"]
    segments, reply = EXAMPLES["explanation-first" if is_published else TASKS[version.task].templates[0]](base.chat)
    return f"""from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained({base.hub!r})
model = AutoModelForCausalLM.from_pretrained({base.hub!r})
model = PeftModel.from_pretrained(model, "FOLDER or REPOSITORY of this adapter").eval()
prompt = {_text(segments)!r}
inputs = tokenizer(prompt, add_special_tokens=False, return_tensors="pt")
{reply}"""


def _explained(chat: ChatFormat) -> Example:
    return prompts.explanation_first(*_PAIR, chat), _WRITING.format(tokens=400)


def _judged(chat: ChatFormat) -> Example:
    reply = (
        f'same, different = (tokenizer(t, add_special_tokens=False).input_ids[0] for t in "{prompts.SAME}'
        f'{prompts.DIFFERENT}")\n'
        "logits = model(**inputs).logits[0, -1]\n"
        "print((logits[same] - logits[different]).sigmoid().item())  # P(same), not calibrated"
    )
    return prompts.label_first(*_PAIR, "en", chat).segments, reply


def _read(chat: ChatFormat) -> Example:
    segments = prompts.reading("Onde fica a biblioteca?", "A biblioteca fica no bloco B.", chat)
    return segments, _WRITING.format(tokens=40)


# By template, the prompt that a card shows and the code that reads the reply.
EXAMPLES: Mapping[str, Callable[[ChatFormat], Example]] = {
    "explanation-first": _explained,
    "label-first": _judged,
    "reading": _read,
}


def _text(segments: tuple[Segment, ...]) -> str:
    return "".join(segment.text for segment in segments)


def _sources(version: AdapterVersion) -> list[Mapping[str, Any]]:
    """The recipe's data sources, as far as it has them: a recipe of another Resposta may be built otherwise."""
    data = version.recipe.get("data")
    sources = data.get("sources") if isinstance(data, dict) else None
    return [source for source in sources if isinstance(source, dict)] if isinstance(sources, list | tuple) else []


def flat(figures: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """(name, value) of every figure, those of a group named "group name"."""
    for name, value in figures.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{above}{name} ")
        else:
            yield f"{above}{name}", f"{value:.4g}" if isinstance(value, float) else str(value)


def _table(heads: tuple[str, str], rows: Mapping[str, str]) -> Iterator[str]:
    yield f"| {heads[0]} | {heads[1]} |"
    yield "|---|---|"
    for name, value in rows.items():
        yield f"| {escaped(name)} | {escaped(value)} |"


def escaped(text: str) -> str:
    """One line of Markdown that shows `text` as it is: no hidden link, no HTML, no table of its own."""
    return re.sub(r"([\\`*_\[\]<>#|~&$])", r"\\\1", " ".join(text.split()))


def _fenced(text: str, language: str) -> Iterator[str]:
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    yield f"{fence}{language}\n{text.rstrip()}\n{fence}"
