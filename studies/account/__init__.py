"""What all studies together say: the claims of the plan, the evidence, the advice."""
