"""`course watch`: judges again on every save what the change can affect.

`session` knows what is judged and what is to be judged, `screen` draws it, `terminal` and `files`
tell of keys and changes, and `loop` brings them together.
"""
