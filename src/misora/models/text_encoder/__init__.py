"""The bilingual text encoder: a hashing tokenizer without vocabulary, and a small bidirectional transformer."""
