"""The vector store: guides in chunks, found by meaning."""
