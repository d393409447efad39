"""A question in, an Answer of checked quotes out."""
