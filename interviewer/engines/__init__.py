"""What reads answers and words replies: one module an engine, all behind ports.Engine."""
