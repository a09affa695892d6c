"""A MetaStudio that behaves like the real one, good days and bad; a receiver that verifies; an audit that compares the two."""
