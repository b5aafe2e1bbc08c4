"""The geometry of boundaries between classes, of a task's own and of a network's."""
