"""What plain PEFT needs of bitsandbytes to train on a base in 4 bits."""

from __future__ import annotations

import pytest
import torch
from bitsandbytes.nn import Linear4bit

from training.backend.plain import keep_four_bit_layout


def test_four_bit_weights_are_not_repacked_for_inference(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a CPU with AVX512-BF16, where gradients after the first evaluation would be wrong."""
    monkeypatch.setattr("bitsandbytes.nn.modules.has_avx512bf16", lambda: True)
    model = torch.nn.Sequential(torch.nn.Linear(8, 8), Linear4bit(8, 8), torch.nn.Sequential(Linear4bit(8, 8)))
    layers = [model[1], model[2][0]]
    assert [layer.support_avx512bf16_for_cpu for layer in layers] == [True, True]
    keep_four_bit_layout(model)
    assert [layer.support_avx512bf16_for_cpu for layer in layers] == [False, False]
