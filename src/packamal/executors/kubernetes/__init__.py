"""Settings, names and exit codes of scans that run as Jobs; the executor is not there yet: `parts` refuses it."""
