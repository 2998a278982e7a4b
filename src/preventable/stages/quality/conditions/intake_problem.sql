-- V06, V12, V13, V19, V26, V29 to V38: reading the row met the problem $problem in at least one field.
r.problem = $problem
