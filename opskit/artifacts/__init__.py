"""The jars of a release as one checked bundle in the controller's cache, opskit's own jars, and how its probe is run.

Callers need three names: `opskit.artifacts.bundles.bundle`, `opskit.artifacts.own_jars.agent_jar` and
`opskit.artifacts.probe.probe_command`.
"""
