"""Files of features, read and written: every format that offices bring."""
