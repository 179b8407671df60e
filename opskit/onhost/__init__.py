"""The program that runs ON a host: Python standard library only (3.8 or newer), relative imports only.

Shipped in memory by `opskit.reach.sweep`, packed into Ansible modules through plugins/module_utils, and laid down as a
zip where an undo must outlive the connection. One JSON request in, one JSON reply out.
"""
