"""The jars of a release as one checked bundle in the controller's cache, and how opskit's probe is run from it.

Callers need two names: `opskit.artifacts.bundles.bundle` and `opskit.artifacts.probe.probe_command`.
"""
