"""Tells other programs what happened: an outbox of deliveries, written with what they tell of, signed when sent."""
