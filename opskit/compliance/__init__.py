"""Audit a running cluster against what keeps it safe, on a schedule, and report what changed."""
