"""What the defences are measured with, by tests and benches: attacks on grading, leaks, hostile interviews."""
