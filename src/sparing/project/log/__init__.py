"""The event log: what is said becomes events, what events mean becomes a state."""
