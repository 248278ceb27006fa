"""From signals to the answer: chain rules find what hangs together, the judge says how sure that makes us."""
