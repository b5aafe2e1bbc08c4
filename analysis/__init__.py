"""What a study means: matching, tests, effect sizes, equivalence, planning, verdicts, report. No torch, no ray."""
