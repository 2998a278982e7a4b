"""Rules as rows: what is wrong with which row, what is done with it, and the records that stand."""
