"""Benchmarks that measure nothing, for the test of what gathers them."""
