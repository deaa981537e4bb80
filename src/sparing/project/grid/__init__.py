"""Grids: pages of items that are looked at together."""
