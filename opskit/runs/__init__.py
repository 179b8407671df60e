"""A run's own folder: $OPSKIT_STATE/runs/CLUSTER/UTC-COMMAND-HEX/, private to the user."""
