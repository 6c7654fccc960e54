"""What tests stand on: a small installation, the strict client, real servers."""
