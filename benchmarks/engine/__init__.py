"""The subject: Chatkeep, used as its documentation shows."""
