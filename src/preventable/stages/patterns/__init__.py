"""Records to when, where and among whom they fall."""
