"""Articles in, passages out: reading, cutting, embedding, storing and searching an archive."""
