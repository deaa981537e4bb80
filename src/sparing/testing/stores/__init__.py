"""The checks that a store has to pass, one idea a file; ``store_checks`` yields them all."""
