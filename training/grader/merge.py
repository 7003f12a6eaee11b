#!/usr/bin/env python3
"""The mean of checkpoints that were trained on from the same one with different seeds.

    python -m training.grader.merge OUT.pt A.pt B.pt ...

It judges better than any of them, since their mistakes differ.
"""

from __future__ import annotations

import sys

import torch


def main() -> None:
    """Read all, write the mean."""
    out, *paths = sys.argv[1:]
    states = [torch.load(path) for path in paths]
    torch.save({name: sum(s[name] for s in states) / len(states) for name in states[0]}, out)


if __name__ == "__main__":
    main()
