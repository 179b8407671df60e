"""The controls, one module a family."""
