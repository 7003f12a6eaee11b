"""What goes wrong between the index and the vector store."""

from __future__ import annotations

from interviewer.domain.errors import IndexUnavailable


class StoreFailed(IndexUnavailable):
    """Chroma itself failed, or holds less than it was given."""
