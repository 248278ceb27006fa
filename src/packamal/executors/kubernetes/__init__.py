"""Settings of scans that run as Jobs; the executor itself is not there yet, and server/pipeline/parts refuses it."""
