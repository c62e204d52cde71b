"""The app as a ZeroGPU Space starts it, on a machine without a GPU: `python -m tests.support.zero_space`.

`spaces` is the real one: it plays CUDA here, packs the weights, asks for a GPU, forks, pickles. Three things stand in
for what only a machine with a GPU has: the marks of torch's CUDA build, a base that "needs" a GPU, and a worker's
`init` and `move`, which read the packed weights into the worker's own memory instead of a GPU's.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

# Where torch says that there is a GPU, this would look for CUDA's libraries.
import bitsandbytes  # noqa: F401
import torch

LARGE = "smollm2-135m"


def pretend() -> None:
    """Be a machine with torch's CUDA build, and a worker without its GPU."""
    torch.version.cuda = "13.0"
    torch._C._cuda_init = torch.cuda.init
    # In a build without CUDA this is a lambda, which `spaces` could not pickle. It gives False, as bool does.
    torch.cuda._is_in_bad_fork = bool
    import spaces

    spaces.zero.torch.init = lambda uuid: None
    spaces.zero.torch.move = restore
    from assistant.bases import catalogue

    catalogue.CATALOGUE[LARGE] = replace(catalogue.CATALOGUE[LARGE], needs_cuda=True)


def restore(callback: Any = None) -> None:
    """What `spaces` packed, read back into the tensors that stood for it."""
    from spaces.zero.torch.patching import cuda_aliases, tensor_packs

    from assistant.generator import zerogpu

    for fake, original in cuda_aliases.items():
        if original is not None:
            fake.data = original
    for pack in tensor_packs:
        with open(pack.path(), "rb") as file:
            for tensor, size, padded in [*(one for batch in pack.batches for one in batch), *pack.big_tensors]:
                storage = torch.frombuffer(bytearray(file.read(padded)[:size]), dtype=torch.uint8).untyped_storage()
                whole = torch.tensor([], dtype=tensor.dtype).set_(storage, 0, tensor.shape, tensor.stride())
                for fake in pack.fakes[tensor]:
                    fake.data = whole
    for generator in zerogpu._LOADED.values():
        generator._engine.device = "cpu"
    torch.set_num_threads(2)


if __name__ == "__main__":
    pretend()
    import app

    app.main.run()
