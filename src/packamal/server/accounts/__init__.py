"""Who may do what: people, API keys, the trail of what was done."""
