"""What every renderer shows, made from a report once: plain values in both languages, cleaned and bounded.

Nothing here knows HTML or terminals; nothing outside `assaymark.render` may import it.
"""
