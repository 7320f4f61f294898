"""Report -> what a person or a program reads. One module for each output; shared view models are in `_view`."""
