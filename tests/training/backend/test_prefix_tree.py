"""A step on a prefix tree is the step on its rows one by one: loss, gradients, weights."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import (
    Gemma3ForCausalLM,
    Gemma3TextConfig,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
    TrainingArguments,
)

from training.backend.batches import TreeBatches
from training.backend.prefix_tree import build, visible
from training.backend.tree_trainer import TreeTrainer
from training.data.rows import TokenRow

SIZES = {
    "vocab_size": 50,
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "max_position_embeddings": 64,
    "attention_dropout": 0.0,
}
# Every row is longer than this, so a layer that slides must slide in the tree as well.
WINDOW = 4


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Models this small spend their time waiting for other threads."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def llama() -> PreTrainedModel:
    return LlamaForCausalLM(LlamaConfig(**SIZES, initializer_range=0.3))


def gemma() -> PreTrainedModel:
    config = Gemma3TextConfig(
        **SIZES,
        head_dim=8,
        sliding_window=WINDOW,
        layer_types=["sliding_attention", "full_attention"],
        initializer_range=0.3,
    )
    return Gemma3ForCausalLM(config)


def adapted() -> PreTrainedModel:
    return get_peft_model(gemma(), LoraConfig(r=2, target_modules=["q_proj", "down_proj"], init_lora_weights=False))


@pytest.fixture(params=[llama, gemma, adapted], ids=["llama", "gemma", "adapter"])
def model(request: pytest.FixtureRequest) -> PreTrainedModel:
    torch.manual_seed(0)
    return request.param()


@pytest.fixture
def rows() -> list[TokenRow]:
    """Rows in three families, each with a beginning that nothing counts; one row is another's beginning."""
    numbers = random.Random(1)
    found = []
    for _ in range(3):
        beginning = [numbers.randrange(50) for _ in range(7)]
        for length in (3, 5, 6):
            reply = [numbers.randrange(50) for _ in range(length)]
            weights = [0.0] * len(beginning) + [numbers.choice((0.1, 1.0, 2.0)) for _ in reply]
            found.append(TokenRow((*beginning, *reply), tuple(weights)))
    longest = found[-1]
    return [*found, TokenRow(longest.tokens[:9], longest.weights[:9])]


def trainer(model: PreTrainedModel, folder: Path, **arguments) -> TreeTrainer:
    given = {"output_dir": str(folder), "use_cpu": True, "report_to": [], "remove_unused_columns": False}
    return TreeTrainer(
        model=model, args=TrainingArguments(**given, **arguments), data_collator=TreeBatches(torch.float32)
    )


def gradients(model: PreTrainedModel) -> dict[str, torch.Tensor]:
    found = {name: value.grad.clone() for name, value in model.named_parameters() if value.grad is not None}
    model.zero_grad()
    return found


def one_by_one(model: PreTrainedModel, rows: list[TokenRow]) -> torch.Tensor:
    """The weighted mean over all tokens, every row computed plainly by itself."""
    total, weight = torch.zeros(()), 0.0
    for row in rows:
        logits = model(input_ids=torch.tensor([row.tokens])).logits[0, :-1]
        losses = torch.nn.functional.cross_entropy(logits, torch.tensor(row.tokens[1:]), reduction="none")
        total = total + (losses * torch.tensor(row.weights[1:])).sum()
        weight += sum(row.weights[1:])
    return total / weight


def on_the_tree(model: PreTrainedModel, rows: list[TokenRow], folder: Path) -> torch.Tensor:
    return trainer(model, folder).compute_loss(model, TreeBatches(torch.float32)([{"rows": rows}]))


def assert_same(found: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> None:
    assert found.keys() == expected.keys()
    for name, gradient in expected.items():
        torch.testing.assert_close(found[name], gradient, atol=2e-6, rtol=1e-4, msg=lambda text, name=name: name + text)


def test_loss_and_gradients_are_those_of_the_rows_alone(model, rows: list[TokenRow], tmp_path: Path) -> None:
    expected = one_by_one(model, rows)
    expected.backward()
    alone = gradients(model)
    found = on_the_tree(model, rows, tmp_path)
    found.backward()
    assert found.item() == pytest.approx(expected.item(), rel=1e-5)
    assert_same(gradients(model), alone)
    assert max(float(gradient.abs().max()) for gradient in alone.values()) > 1e-2


def test_what_rows_share_is_computed_once(rows: list[TokenRow]) -> None:
    tree = build(rows)
    # 3 beginnings of 7, each followed by replies without their last tokens; the last row adds nothing.
    assert len(tree.tokens) == 3 * (7 + 2 + 4 + 5)
    assert len(tree.targets) == sum(1 for row in rows for weight in row.weights if weight)


def test_a_node_sees_itself_and_what_comes_before_it_in_its_row() -> None:
    tree = build([TokenRow((1, 2, 3, 9), (0, 0, 0, 1)), TokenRow((1, 2, 4, 9), (0, 0, 0, 1)), TokenRow((5, 9), (0, 1))])
    assert (tree.tokens, tree.parents, tree.depths) == ((1, 2, 3, 4, 5), (-1, 0, 1, 1, -1), (0, 1, 2, 2, 0))
    assert tree.targets == ((2, 9, 1), (3, 9, 1), (4, 9, 1))
    assert [[place for place, seen in enumerate(line) if seen] for line in visible(tree).tolist()] == [
        [0],
        [0, 1],
        [0, 1, 2],
        [0, 1, 3],
        [4],
    ]


@pytest.mark.parametrize("longer_first", [True, False])
def test_a_row_that_begins_another_counts_by_itself(model, tmp_path: Path, longer_first: bool) -> None:
    longer = TokenRow((3, 1, 4, 1, 5, 9, 2, 6), (0, 0, 0, 1, 0, 0, 2, 1))
    shorter = TokenRow(longer.tokens[:5], (0, 0, 0, 3, 1))
    rows = [longer, shorter] if longer_first else [shorter, longer]
    assert len(build(rows).tokens) == 7
    assert on_the_tree(model, rows, tmp_path).item() == pytest.approx(one_by_one(model, rows).item(), rel=1e-5)


def test_equal_rows_count_twice_and_are_computed_once(model, tmp_path: Path) -> None:
    row, other = TokenRow((3, 1, 4, 1), (0, 0, 1, 1)), TokenRow((2, 7), (0, 1))
    assert len(build([row, row, other]).tokens) == 4
    rows = [row, row, other]
    assert on_the_tree(model, rows, tmp_path).item() == pytest.approx(one_by_one(model, rows).item(), rel=1e-5)


def test_weights_decide_how_much_a_token_counts(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = llama()
    beginning = (3, 1, 4)

    def loss(first: float, second: float) -> float:
        return on_the_tree(model, [TokenRow((*beginning, 7, 8), (0, 0, 0, first, second))], tmp_path).item()

    only_first, only_second = loss(1, 0), loss(0, 1)
    assert only_first != pytest.approx(only_second, rel=1e-3)
    assert loss(1, 0.25) == pytest.approx((only_first + 0.25 * only_second) / 1.25, rel=1e-5)
    assert loss(2, 0.5) == pytest.approx(loss(1, 0.25), rel=1e-6)


@pytest.mark.parametrize("sizes", [(10,), (1, 9), (4, 3, 3)])
def test_micro_batches_add_up_to_the_same_step(model, rows, tmp_path: Path, sizes: tuple[int, ...]) -> None:
    """One optimizer step of plain gradient descent, through the trainer's own loop."""
    one_by_one(model, rows).backward()
    alone = gradients(model)
    before = {name: value.detach().clone() for name, value in model.named_parameters()}
    places = [sum(sizes[:number]) for number in range(len(sizes) + 1)]
    batches = [{"rows": rows[start:end]} for start, end in itertools.pairwise(places)]
    training = trainer(
        model,
        tmp_path,
        per_device_train_batch_size=1,
        gradient_accumulation_steps=len(sizes),
        max_steps=1,
        learning_rate=1.0,
        optim="sgd",
        lr_scheduler_type="constant",
        max_grad_norm=0.0,
        save_strategy="no",
        disable_tqdm=True,
    )
    training.train_dataset = batches
    training.train()
    after = dict(model.named_parameters())
    assert_same({name: before[name] - after[name].detach() for name in alone}, alone)


def test_evaluation_is_the_weighted_mean_as_well(rows, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = llama()
    training = trainer(model, tmp_path, per_device_eval_batch_size=1, disable_tqdm=True)
    found = training.evaluate([{"rows": rows}])
    assert found["eval_loss"] == pytest.approx(one_by_one(model, rows).item(), rel=1e-5)
