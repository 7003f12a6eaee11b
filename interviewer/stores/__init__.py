"""Where interviews are kept."""
