"""What runs inside the pod of a Job: looks at its walls, runs the scan as a child, brings the report back.

Of the image of scans: no client of a cluster and no web framework is there. The tokens are read here and go to the
internal listener alone: never into an argument, a variable, a line of the log or the child.
"""
