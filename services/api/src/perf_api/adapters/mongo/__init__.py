"""MongoDB as the database of the service, through motor, which is imported here and nowhere else."""
