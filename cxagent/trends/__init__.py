"""How a figure moves: its slope with an interval that holds, its forecast, its swings, and how soon it recovers."""
