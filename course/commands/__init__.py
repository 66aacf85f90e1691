"""What the commands of `course` do; each takes the parsed arguments and returns an exit code."""
