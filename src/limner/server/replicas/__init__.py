"""What several replicas of one server tell each other."""
