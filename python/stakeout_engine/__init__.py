"""What the engine calls. Only plain values cross between it and Python: numbers, text, booleans, None.

Data flows one way: ``modules`` loads what repositories bring, ``events`` holds the event under way,
``evaluate`` asks rules about it.
"""
