"""Where a scan runs: a child process here, a job in a cluster. No executor knows what a scan does."""
