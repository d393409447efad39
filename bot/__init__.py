"""A question in, an Answer of checked quotes out."""

__version__ = "0.1.0"
