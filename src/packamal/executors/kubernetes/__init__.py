"""Settings, names and exit codes of scans that run as Jobs; without the executor, which is not there yet."""
