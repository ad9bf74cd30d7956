"""What an account is worth from now on: how long accounts like it stay, and what they bring while they do."""
