"""What support there is: approaches with their evidence, and who offers them where."""
