"""What is measured, by whom it is owned, and what it is worth or that it has no price: the registry of metrics."""
