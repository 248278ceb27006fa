"""The service: the same scan for a team. Django is imported below this package only, and by its commands only."""
