"""Where candidates talk: translate in, call, translate out."""
