"""Benchmarks: ratios in one run, never asserts."""
