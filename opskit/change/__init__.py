"""What every verb that changes something needs: confirmation, cluster lock, audit line, undo of what was armed."""
