"""`python -m packamal` is `packamal`."""

from __future__ import annotations

from packamal.cli import main

if __name__ == "__main__":
    main()
