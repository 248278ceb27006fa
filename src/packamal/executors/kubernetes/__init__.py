"""Runs a scan as a Job of a cluster: the Job is built as plain data, one module speaks with the API server."""
