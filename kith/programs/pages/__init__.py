"""Pages of programs: the list and one program, what belongs to it, its landing page, and public pictures."""
