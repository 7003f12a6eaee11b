"""What was remarked upon already."""

from __future__ import annotations

from collections import OrderedDict

REMEMBERED = 2_000


class Noticed:
    """The latest deliveries that were remarked upon by this process: a second one is not remarked upon twice."""

    def __init__(self) -> None:
        self._names: OrderedDict[str, None] = OrderedDict()

    def __contains__(self, name: str) -> bool:
        """Whether this was noticed."""
        return name in self._names

    def first(self, name: str) -> bool:
        """Whether this was not noticed before."""
        if name in self._names:
            return False
        self._names[name] = None
        if len(self._names) > REMEMBERED:
            self._names.popitem(last=False)
        return True
