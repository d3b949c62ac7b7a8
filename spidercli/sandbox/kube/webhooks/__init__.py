"""What Spiderpool's controller does on admission (pkg/*manager, pkg/multuscniconfig), and a part of Kubernetes' own."""
