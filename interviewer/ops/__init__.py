"""What whoever runs the product sees of it: health, measurements, logs, and that what is old is forgotten."""
