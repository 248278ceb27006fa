"""What people say about verdicts: confirm, override, note, accept a finding. The machine never reads it as its own."""
