"""Questions, one file each with one constant STUDY; `python -m studies` is the command line."""
