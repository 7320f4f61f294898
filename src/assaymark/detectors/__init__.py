"""Detectors: `Program -> Evidence`, one file each.

A file placed here is found by `extend.detectors()`; nothing else is edited.
"""
