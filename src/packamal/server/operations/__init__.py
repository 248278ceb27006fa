"""Running the full shape: its parts (web, internal listener, worker, beat), health, metrics, logs, retention."""
