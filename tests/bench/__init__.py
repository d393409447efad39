"""Benchmarks: `make bench` prints one table. They are not tests and are not collected."""
