"""The one edge to the network: bounded in time, size, retries and redirects, and closed towards the inside.

`client.Client` is all that others need. The HTTP library is imported by the first request, not before.
"""

USER_AGENT = "packamal"
"""In every request of ours."""
