"""Scorecards, as people and programs read them."""
