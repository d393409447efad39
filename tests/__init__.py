"""The tests: real parts first, exact results on tiny inputs. `tests/conftest.py` holds what they share."""
