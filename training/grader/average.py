#!/usr/bin/env python3
"""Average the weights of graders that were trained on from the same one: as good at what each of them does best.

    python -m training.grader.average OUT.pt ONE.pt 0.5 OTHER.pt 0.5

As in Wortsman et al., "Model soups" (2022).
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch


def main() -> None:
    """Write the mean, by the shares given, which sum to 1."""
    out, *pairs = sys.argv[1:]
    shares = [float(share) for share in pairs[1::2]]
    if abs(sum(shares) - 1) > 1e-6:
        raise SystemExit(f"the shares sum to {sum(shares)}, not to 1")
    weights = [torch.load(path) for path in pairs[::2]]
    mean = {name: sum(s * w[name] for s, w in zip(shares, weights, strict=True)) for name in weights[0]}
    unfinished = Path(out).with_suffix(".part")
    torch.save(mean, unfinished)
    unfinished.replace(out)


if __name__ == "__main__":
    main()
