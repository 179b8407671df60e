"""Generic report shapes and the ways to show them; this room knows no verb."""
