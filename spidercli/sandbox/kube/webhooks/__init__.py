"""What Spiderpool's controller does on admission (pkg/ippoolmanager, pkg/multuscniconfig, pkg/coordinatormanager)."""
