"""Detection: what a detector says of pictures, and the small one that is built in."""
