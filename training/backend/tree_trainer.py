"""transformers' Trainer on prefix trees: the loss of some nodes only, weighted."""

from __future__ import annotations

from typing import Any

import torch
from transformers import PretrainedConfig, Trainer


class TreeTrainer(Trainer):
    """The loss of an optimizer step is the weighted mean over all its targets, however they lie in micro-batches."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The loss below is divided by the whole step's weight already, so no division by the accumulation follows.
        self.model_accepts_loss_kwargs = True

    def _get_num_items_in_batch(self, batch_samples: list, device: torch.device) -> torch.Tensor | None:
        if not batch_samples:
            return None
        total = sum(batch["weights"].sum() for batch in batch_samples).to(device)
        return self.accelerator.gather(total).sum() if self.args.average_tokens_across_devices else total

    def compute_loss(
        self,
        model: torch.nn.Module,
        inputs: dict[str, torch.Tensor],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | None = None,
    ) -> torch.Tensor:
        targets, weights = inputs.pop("targets"), inputs.pop("weights")
        # An index tensor keeps the output matrix from being copied and from being computed where nothing is predicted.
        logits = model(**inputs_for(inputs, self.model.config), use_cache=False).logits[0].float()
        losses = torch.nn.functional.cross_entropy(logits, targets, reduction="none")
        if num_items_in_batch is None:
            return (losses * weights).sum() / weights.sum()
        loss = (losses * weights).sum() / num_items_in_batch
        return loss * self.accelerator.num_processes if self.args.average_tokens_across_devices else loss

    def prediction_step(
        self,
        model: torch.nn.Module,
        inputs: dict[str, torch.Tensor],
        prediction_loss_only: bool,
        ignore_keys: list[str] | None = None,
    ) -> tuple[torch.Tensor, None, None]:
        with torch.no_grad():
            loss = self.compute_loss(model, self._prepare_inputs(inputs))
        return loss.detach(), None, None


def inputs_for(inputs: dict[str, torch.Tensor], config: PretrainedConfig) -> dict[str, Any]:
    """What the forward of a model with this configuration takes of a tree batch."""
    mask, depths = inputs["attention_mask"], inputs["position_ids"]
    masks: Any = mask
    if "sliding_attention" in (getattr(config, "layer_types", None) or ()):
        # A mask that is handed over is taken as it is, so the layers that see the last tokens only get their own.
        far = (depths[:, :, None] - depths[:, None, :])[:, None] >= config.sliding_window
        masks = {"full_attention": mask, "sliding_attention": mask.masked_fill(far, torch.finfo(mask.dtype).min)}
    return {
        "input_ids": inputs["input_ids"],
        "attention_mask": masks,
        "position_ids": depths,
        "logits_to_keep": inputs["predicting"],
    }
