"""What the interface does: credentials, tokens, taking a referral once, saying its status, taking one out."""
