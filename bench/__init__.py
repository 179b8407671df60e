"""What `make bench-compliance` runs: the same assertions on the same hosts by opskit and by its peers."""
