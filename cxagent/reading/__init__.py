"""Reading a message: which signals its wording shows; a reader lowers autonomy and never raises it."""
