"""Whether the failover was shown, lately, on this topology."""
