"""What hosts, their JVMs and the servers tell, as typed evidence: read by every verb that looks before it judges."""
