"""Input formats: a file becomes a `Program`, whatever its format.

One module a format; `open_program` finds the right one.
"""
