"""What a judged study also shows, without a verdict."""
