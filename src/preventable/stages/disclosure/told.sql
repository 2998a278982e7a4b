-- Everything that a recipient is told, under its name: figures, estimates, and weekly series with their verdicts.
-- in: released, released_estimates, released_signals
SELECT recipient, figure, value, lower, upper, value_note FROM released
UNION ALL
SELECT recipient, figure, value, lower, upper, value_note FROM released_estimates
UNION ALL
SELECT recipient, figure, value, usual_lower AS lower, usual_upper AS upper, verdict AS value_note FROM released_signals
