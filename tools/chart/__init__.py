"""The chart as data: rendered without a cluster, and the values that it is tried with."""
