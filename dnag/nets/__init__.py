"""Networks: plain tensors in, plain tensors out; only the two ``*_model`` wrappers know about noise processes."""
