"""What a host gives its servers: kernel, memory, disk, clock, units, files."""
