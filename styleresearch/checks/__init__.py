"""What a loss, a metric or a method keeps, whoever wrote it: one property a file, and what was found of each."""
