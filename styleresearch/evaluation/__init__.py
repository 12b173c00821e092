"""See the files of this folder; each holds one concept and is named after it. ``metrics`` registers the metrics."""
