"""How the shipped grader is made: data, model, training, figures, export. See training/README.md."""
