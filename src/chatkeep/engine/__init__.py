"""How a turn lives: private to Chatkeep; may change in any release."""
