"""From the history of a drill to windows, ledger and verdict. Pure; docs/windows.md defines each figure."""
