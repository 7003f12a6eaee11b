"""A conversational interviewer: asks from a written guide, listens, probes, grades, and quotes the candidate."""
