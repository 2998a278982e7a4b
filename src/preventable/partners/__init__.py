"""What a partner is told about what it owes and how good it is: calendar, letters, score cards, onboarding."""
