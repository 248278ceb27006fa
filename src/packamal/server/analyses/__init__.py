"""The rows that are the truth: analyses, their attempts, what they judged and found."""
