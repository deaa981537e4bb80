"""Pure numerics: distances, groups, choices, neighbors, maps."""
