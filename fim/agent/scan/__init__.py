"""Reading whole trees: the first scan, and comparisons with the baseline."""
