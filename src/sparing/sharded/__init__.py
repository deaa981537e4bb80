"""Pools of any size as folders of shards, and the work that is done a shard at a time."""
