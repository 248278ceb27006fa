"""The API under /api/v1: one module for each resource, listed in `api`; `problems` and `auth` are shared."""
