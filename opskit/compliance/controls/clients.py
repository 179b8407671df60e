"""Whether clients leave a hung nameserver, and what that costs them."""
