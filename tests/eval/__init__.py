"""Quality over data that are not ours to ship: `make eval`."""
