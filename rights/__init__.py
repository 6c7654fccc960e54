"""What stays and what goes: erasing, legal holds, records whose time is over, and merging two records into one."""
