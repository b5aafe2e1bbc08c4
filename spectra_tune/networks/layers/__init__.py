"""What networks build: modules of torch, loaded when a network is built."""
