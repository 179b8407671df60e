"""All that one host tells in one look. Shares no code with what sets things on hosts: it is what judges them.

Each module is imported where something is asked of it: compiling what is not needed costs more than the look itself.
"""
