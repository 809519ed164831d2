"""Benchmarks: each compares ours with the peers in one run, on the same data, and prints ratios."""
