"""What it is worth: accounts observed month by month, their value estimated, four keys as trends, and money."""
