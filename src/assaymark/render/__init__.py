"""Report -> what a person or a program reads. One module for each output; shared view models are in `_view`."""

from assaymark.render._view.words import clean

__all__ = ["clean"]
