"""The backtest's report: one summary of statistics, shown as a page, as JSON and on the terminal."""
