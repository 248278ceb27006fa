"""From a question to a stored answer: resolve, claim, ring, run, settle, and reconcile what never came back."""
