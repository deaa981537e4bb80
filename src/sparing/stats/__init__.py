"""Pure mathematics of evidence and of people: exact limits, intervals, agreement."""
