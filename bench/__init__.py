"""Measurements, as ratios within one run where that is possible. `make bench` runs them all."""
