"""Who wants to know that an analysis ended says so here: `analyses` knows none of the parts above it."""

from __future__ import annotations

from django.dispatch import Signal

ended = Signal()
"""Sent with `row`, an analysis that became final, inside the transaction that made it so: what a receiver writes is
written together with the answer or not at all. A receiver asks the database little and waits for nothing else."""
