"""Judge what is declared, without any connection."""
