"""`python -m training.retraining.step_process PARENT MODULE …`: `python -m MODULE …`, no longer than PARENT lives."""

from __future__ import annotations

import runpy
import sys

from evals.runs.lifetime import end_with


def main() -> None:
    """Run the module that the command names; it ends with its parent."""
    parent, module, *arguments = sys.argv[1:]
    end_with(int(parent))
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
