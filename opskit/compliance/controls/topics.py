"""Topics and groups that do not survive the loss of one master."""
