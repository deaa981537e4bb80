"""Several people on one project: leases, blind second opinions, settling."""
