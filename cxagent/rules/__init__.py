"""One small pure function per rule: it returns nothing, or caps with a reason code and the numbers behind them."""
