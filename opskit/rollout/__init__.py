"""Put close-on-timeout in force in every client, whatever its release, and prove it from the running process."""
