"""Markdown guides: parsed, checked and found."""
