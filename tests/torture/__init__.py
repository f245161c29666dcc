"""What happens to real servers, and must cost nobody an answer: ``make torture``."""
