"""Whether nameservers and brokers answer, agree, and are known to those who need them."""
