"""The tests, by the package that they try; a package, so that no library's own tests take its name."""
