"""Rendered, on disk, in force: whether they are one."""
