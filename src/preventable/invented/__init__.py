"""An invented county and what happens in it: test data whose truth is known. No name in it is real."""
