"""The real small model: batching and sharing must not change a number."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

from assistant import prompts
from assistant.bases import catalogue
from assistant.bases.weights import Weights
from assistant.errors import BusyError, ModelError
from assistant.generator import TreePrompt
from assistant.generator.engine import Engine
from assistant.generator.service import QueuedGenerator
from assistant.prompts import Segment
from assistant.versions.registry import SHIPPED_FOLDER
from tests.support.unfit_adapters import WAYS, with_weights

PASTS = ("How do I cancel an order?", "Where is my parcel right now, please?", "Do you ship to Ireland?")


@pytest.fixture(scope="module")
def weights(model) -> Weights:
    return model.generator._engine.weights


def test_the_hardware_is_named_by_device_type_and_bits(model, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = model.generator._engine
    plain = f"{engine.device} {str(next(engine.model.parameters()).dtype).split('.')[1]}"
    assert model.identity.hardware == plain
    # As transformers marks a base that it keeps in 4 bits.
    monkeypatch.setattr(engine.model, "is_loaded_in_4bit", True, raising=False)
    assert model.generator.hardware == f"{plain} 4bit"


@pytest.fixture(scope="module")
def adapter(weights: Weights, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A LoRA adapter with random weights, large enough to change every answer."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("adapter")
    base = AutoModelForCausalLM.from_pretrained(weights.path)
    config = LoraConfig(r=4, target_modules=list(weights.base.lora_modules), init_lora_weights=False)
    get_peft_model(base, config).save_pretrained(folder)
    return folder


def tree(asked: str, pasts=PASTS, language="en") -> TreePrompt:
    chat = catalogue.CATALOGUE["gemma-3-270m"].chat
    pairs = [prompts.label_first(asked, past, language, chat) for past in pasts]
    return TreePrompt(pairs[0].head, pairs[0].asked, tuple(pair.past for pair in pairs))


def alone(engine: Engine, prompt: TreePrompt, leaf: int, adapter: str | None = None) -> torch.Tensor:
    """The label logits of one prompt computed plainly, by itself."""
    ids = engine.encode((*prompt.head, *prompt.stem, *prompt.leaves[leaf]))
    with torch.inference_mode(), engine.use(adapter):
        return engine.model(torch.tensor([ids])).logits[0, -1, list(engine.label_ids)]


def test_scores_equal_those_of_each_prompt_alone(model) -> None:
    for _ in range(2):  # the second time the head's states come from the cache
        prompt = tree("I want to cancel what I ordered this morning.")
        for leaf, score in enumerate(model.generator.score(prompt)):
            same, different = alone(model.generator._engine, prompt, leaf)
            assert score.logit == pytest.approx(float(same - different), abs=1e-3)
            assert 0 < score.mass <= 1


def test_in_a_shorter_type_scores_are_nearly_the_same(model, weights: Weights) -> None:
    prompt = tree("I want to cancel what I ordered this morning.")
    exact = [score.logit for score in model.generator.score(prompt)]
    generator = QueuedGenerator(weights, 2, 8, "bfloat16")
    try:
        assert generator.hardware.endswith(" bfloat16")
        short = [score.logit for score in generator.score(prompt)]
    finally:
        generator.close()
    assert short == pytest.approx(exact, abs=0.2)
    # Read off a bfloat16 output, they would come in steps of 1/16.
    assert not all((logit * 16).is_integer() for logit in short)


def test_callers_are_batched_and_get_their_own_scores(model) -> None:
    questions = [f"Where is order number {number}?" for number in range(6)]
    expected = [[s.logit for s in model.generator.score(tree(question))] for question in questions]
    got: dict[int, list[float]] = {}

    def ask(index: int) -> None:
        got[index] = [s.logit for s in model.generator.score(tree(questions[index]))]

    threads = [threading.Thread(target=ask, args=(index,)) for index in range(len(questions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for index, scores in enumerate(expected):
        assert got[index] == pytest.approx(scores, abs=1e-3)


def test_adapters_are_chosen_per_request_and_leave_the_base_alone(model, adapter: Path) -> None:
    prompt = tree("Can I still cancel?")
    before = [score.logit for score in model.generator.score(prompt)]
    name = model.generator.load_adapter(adapter)
    assert model.generator.load_adapter(adapter) == name
    adapted = [score.logit for score in model.generator.score(prompt, name)]
    assert adapted != pytest.approx(before, abs=0.05)
    same, different = alone(model.generator._engine, prompt, 0, name)
    assert adapted[0] == pytest.approx(float(same - different), abs=1e-3)
    assert [score.logit for score in model.generator.score(prompt)] == pytest.approx(before, abs=1e-3)
    with pytest.raises(ModelError, match="not loaded"):
        model.generator.score(prompt, "0" * 64)


def test_an_adapter_that_was_loaded_last_answers_at_once(weights: Weights) -> None:
    """PEFT makes the first adapter active and no later one, which nobody may take for granted."""
    judge, reader = SHIPPED_FOLDER / "question-similarity", SHIPPED_FOLDER / "portuguese-qa"
    prompt = tree("Can I still cancel?")

    def first_words(*folders: Path) -> list[float]:
        generator = QueuedGenerator(weights, 2, 8, "float32")
        try:
            *_, last = [generator.load_adapter(folder) for folder in folders]
            return [score.logit for score in generator.score(prompt, last)]
        finally:
            generator.close()

    assert first_words(judge, reader) == pytest.approx(first_words(reader), abs=1e-3)
    assert first_words(reader) != pytest.approx(first_words(judge), abs=0.05)


def test_streamed_text_equals_greedy_generation(model) -> None:
    engine = model.generator._engine
    prompt = tree("How do I return a tent?", PASTS[:2])
    final: dict[int, str] = {}
    updates = 0
    for row, text, _ in model.generator.stream(prompt, 12):
        assert text.startswith(final.get(row, ""))
        final[row] = text
        updates += 1
    assert updates > 2
    for leaf in range(2):
        ids = engine.encode((*prompt.head, *prompt.stem, *prompt.leaves[leaf]))
        with torch.inference_mode(), engine.use(None):
            output = engine.model.generate(
                torch.tensor([ids]),
                attention_mask=torch.ones(1, len(ids), dtype=torch.long),
                max_new_tokens=12,
                do_sample=False,
                eos_token_id=engine.stop_id,
            )
        assert final[leaf] == engine.text(output[0, len(ids) :].tolist())


def test_whole_prompts_without_a_shared_beginning_are_written_together(model) -> None:
    """As the published template asks, pair by pair."""
    asked = [prompts.explanation_first("Where is my parcel?", past, model.base.chat) for past in PASTS[:2]]

    def written(*leaves) -> list[str]:
        stream = model.generator.stream(TreePrompt((), (), leaves), 8)
        return [text for _, text in sorted((index, text) for index, text, finished in stream if finished)]

    assert written(*asked) == [*written(asked[0]), *written(asked[1])]


def test_the_stop_token_ends_a_text(model) -> None:
    """Of the shipped adapter, which learned to write one sentence."""
    chat = model.base.chat
    pair = prompts.label_first("Where is my parcel?", "How do I cancel an order?", "en", chat)
    prompt = TreePrompt(pair.head, pair.asked, (prompts.reason_after(pair, "different", "en"),))
    *_, (_, text, finished) = model.generator.stream(prompt, 200, model.identity.adapter)
    assert finished
    assert 0 < len(model.generator._engine.tokenizer(text).input_ids) < 100
    assert chat.stop not in text


def test_a_judgement_does_not_wait_for_a_running_text_and_closing_cancels(model) -> None:
    stream = model.generator.stream(tree("Tell me all about returns."), 400)
    updates = iter(stream)
    next(updates)
    assert len(model.generator.score(tree("Where is it?"))) == 3
    assert model.generator._decodings
    updates.close()
    deadline = time.monotonic() + 20
    while model.generator._decodings and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not model.generator._decodings


def test_a_failing_batch_fails_its_callers_and_nobody_else(model, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(model.generator._packer, "run", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            model.generator.score(tree("one"))
        with pytest.raises(ZeroDivisionError):
            list(model.generator.stream(tree("two"), 5))
    assert len(model.generator.score(tree("three"))) == 3


def test_quoted_text_yields_no_control_token(model) -> None:
    engine = model.generator._engine
    stop = model.base.chat.stop
    assert engine.stop_id in engine.encode((Segment(stop),))
    assert engine.stop_id not in engine.encode((Segment(stop, quoted=True),))


def test_a_full_queue_says_so_and_a_closed_model_too(weights: Weights) -> None:
    small = QueuedGenerator(weights, 2, max_queue=1)
    streams = [small.stream(tree("Tell me all."), 200)]
    try:
        with pytest.raises(BusyError, match="RESPOSTA_MAX_QUEUE"):
            for _ in range(50):
                streams.append(small.stream(tree("Tell me more."), 200))
    finally:
        for stream in streams:
            stream.close()
        small.close()
    with pytest.raises(ModelError, match="shut down"):
        small.score(tree("Anybody?"))


def test_a_caller_that_comes_during_a_stop_leaves_the_thread_its_wake_up(weights: Weights) -> None:
    small = QueuedGenerator(weights, 2, max_queue=8)
    fetch, put = small._queue.get, small._queue.put_nowait
    scheduled = threading.Event()

    def slow_get(block: bool = True):
        if block:
            scheduled.wait()
        return fetch(block)

    def stop_then_put(job) -> None:
        small._closed.set()
        put(None)
        put(job)

    small._queue.get = slow_get
    small._call(lambda: None)  # the thread now waits in the slow one
    small._queue.put_nowait = stop_then_put
    with pytest.raises(ModelError, match="was shut down"):
        small._call(lambda: None)
    small._queue.put_nowait = put
    scheduled.set()
    small._thread.join(10)
    assert not small._thread.is_alive()


def test_a_stop_does_not_wait_for_all_that_queued_up(weights: Weights) -> None:
    small = QueuedGenerator(weights, 2, max_queue=64)
    outcomes: list[str] = []
    prompt = tree("Which of all these is it?", PASTS * 12)

    def ask() -> None:
        try:
            small.score(prompt)
            outcomes.append("scored")
        except ModelError:
            outcomes.append("told")

    release = threading.Event()
    callers = [threading.Thread(target=lambda: small._call(release.wait))]
    callers += [threading.Thread(target=ask) for _ in range(24)]
    for caller in callers:
        caller.start()
    while small._queue.qsize() < 24:
        time.sleep(0.001)
    release.set()
    while not small._queue.empty():
        time.sleep(0.001)
    # All are in the thread's hands now, most of them still to be computed.
    small.close()
    for caller in callers:
        caller.join(60)
    assert len(outcomes) == 24
    assert outcomes.count("told") >= 12


@pytest.mark.parametrize("missing", ["adapter_model.safetensors", "adapter_config.json"])
def test_an_adapter_without_safetensors_is_refused(model, adapter: Path, tmp_path: Path, missing: str) -> None:
    for file in adapter.iterdir():
        if file.name != missing:
            (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "adapter_model.bin").write_bytes(b"pickle")
    with pytest.raises(ModelError, match=missing):
        model.generator.load_adapter(tmp_path)


@pytest.mark.parametrize("loaded", [False, True], ids=["the first adapter", "a later one"])
def test_an_adapter_that_peft_would_skip_is_refused_and_leaves_no_trace(
    weights: Weights, tmp_path: Path, loaded: bool
) -> None:
    judge = SHIPPED_FOLDER / "question-similarity"
    engine = Engine(weights, 2, "float32")
    if loaded:
        engine.load_adapter(judge)
    before = [name for name, _ in engine.model.named_modules()]
    for number, (change, told) in enumerate(WAYS.values()):
        with_weights(judge, tmp_path / str(number), change)
        with pytest.raises(ModelError, match=told):
            engine.load_adapter(tmp_path / str(number))
    assert [name for name, _ in engine.model.named_modules()] == before
    name, prompt = engine.load_adapter(judge), tree("Can I still cancel?")
    assert engine.adapters == {name}
    assert not torch.equal(alone(engine, prompt, 0, name), alone(engine, prompt, 0))


def test_the_catalogue_names_what_it_has() -> None:
    assert catalogue.choose(None, cuda=False).name == "smollm2-135m"
    assert catalogue.choose(None, cuda=True).name == "llama-3-8b"
    with pytest.raises(ModelError, match="gpt2-medium, llama-3-8b, llama-3-8b-instruct, opt-125m, smollm2-135m"):
        catalogue.choose("gpt-9", cuda=False)
    with pytest.raises(ModelError, match="GPU"):
        catalogue.choose("llama-3-8b", cuda=False)
