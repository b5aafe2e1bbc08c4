"""What sections are made of: the findings they tell, their cells, tables, words and pictures."""
