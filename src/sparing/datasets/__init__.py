"""Where items come from: MNIST, and readers of folders and tables."""
