"""What it is worth: retention, account value, health, trends and money."""
