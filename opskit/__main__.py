"""`python -m opskit` is the command `opskit`."""

from opskit.cli.main import main

main()
