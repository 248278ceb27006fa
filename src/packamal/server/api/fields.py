"""Types of fields that the modules of the API share."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

Text = Annotated[str, Field(pattern=r"^[^\x00]*$")]
"""Any text that can be asked for: PostgreSQL knows no NUL in texts."""
