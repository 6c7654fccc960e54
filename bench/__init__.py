"""The benchmark: the real server against a floor, in the same run. `make bench`; never part of the tests."""
