"""The report that a supplier gets back: a page that reads as a task list, and a CSV with one line a row."""
