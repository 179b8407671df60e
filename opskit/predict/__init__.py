"""Closed-form worst cases: which timers add up to the recovery window of a path."""
