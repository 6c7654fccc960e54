"""What visitors and coordinators do with one-time links and with what came by them."""
