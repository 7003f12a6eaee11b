"""Runs every measurement that is quick, one after the other; exit status 1 when one is over its limit."""

from __future__ import annotations

import importlib
import sys

QUICK = ("startup", "turns", "guides", "retrieval", "llm", "guard")


def main() -> int:
    """Run them."""
    missed = []
    for name in QUICK:
        print(f"\n{name}")
        within = importlib.import_module(f"bench.{name}").main()
        if within not in (True, 0, None):
            missed.append(name)
    print(f"\nOver a limit: {', '.join(missed)}" if missed else "\nEvery figure is within its limit.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
