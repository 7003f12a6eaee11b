"""Does grading agree with people, and did a change move it?"""
