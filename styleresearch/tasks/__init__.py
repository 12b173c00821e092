"""What the commands do, one file per command and named as it."""
