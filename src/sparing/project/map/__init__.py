"""The map: where all items lie, and how they are found there."""
