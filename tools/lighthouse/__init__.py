"""`make lighthouse`: what Lighthouse says of every page of a referrer."""
