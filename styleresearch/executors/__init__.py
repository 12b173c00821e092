"""Where the cells of a study are worked off; ``base`` is the interface, of one method."""
