"""JVMs that hold a RocketMQ client on this host: found, read, changed and put back."""
