"""Scans as Jobs: their shape, their names, and what became of them."""
