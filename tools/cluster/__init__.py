"""A real cluster under test: whatever KUBECONFIG names."""
