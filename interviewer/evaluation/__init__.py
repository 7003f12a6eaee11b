"""Measures an engine: does it grade as people do, steadily, and no worse than before? See docs/evals.md.

cases, quoted, importing, labelling     labelled answers: read, taken from elsewhere, rated by hand
definitions, measuring                  suites: what they say, and from there to a result
subjects, jobs, run, pace, ledger,      gradings: of whom, which, how fast, kept where, ordered in bulk
  provider_batch
metamorphic, perturb, rewritten,        what is done to answers, and what must come of it
  injection, attacks, paired
conducted, conduct_rules, candidates,   whole interviews, and looking things up
  sittings, leaks, retrieval
figures, metrics, reliability,          statistics: plain arrays in, figures with intervals out
  calibration, intervals, student, answer_only
gate, power                             no worse, regression or inconclusive; and what could be found
gradings, tables, steadiness, moves     from cases and rows to arrays, measures, tables and moves
canaries                                engines known to be good or bad, to check the checks
results                                 what these hand to each other
report_*                                what people and programs get to see
"""
