"""The full set on this machine, from Debian's packages and without containers."""
