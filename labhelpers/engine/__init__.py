"""The one training loop, and all that an exact resume needs."""
