"""Which server stands where, as its processes show."""
