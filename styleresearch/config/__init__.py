"""From a config to objects: the only readers of settings."""
