"""The process beside the labeling: events in, model versions out."""
