"""Mutations of what the roles do: is each noticed by the scenario that should notice it? `make mutate`."""
