"""Thin adapters, one a surface; what is escaped is escaped here and nowhere else."""
