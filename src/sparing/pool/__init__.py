"""Pools: the label table, features with one label array, what a strategy may see."""
