"""Audits by a systemd timer of the controller."""
