"""Weekly counts to what was expected of them."""
