"""Self-contained HTML pages: what they share, and those of `course check` and `course verify`.

Nothing on a page comes from a network, and all text is escaped where it becomes markup.
"""
