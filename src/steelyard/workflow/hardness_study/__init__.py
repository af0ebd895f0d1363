"""The hardness studies of any data: resampling and pruning by hardness."""
